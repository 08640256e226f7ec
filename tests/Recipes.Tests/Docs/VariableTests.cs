using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <summary>
/// Environment variables: documents and code have the same. TelemetryExtension.Tests compares docs/settings.md with the variables that the extension's options ask for,
/// also with those whose names the code composes.
/// </summary>
public sealed partial class VariableTests
{
    private const string Own = "TELEMETRY_EXTENSION_";

    private static readonly string[] Scripts = ["layer/telemetry-wrapper", "infra/publish/publish.sh", "infra/release/release.sh", "infra/container/layer-image.sh"];

    // Variables in documents that nothing of ours reads.
    private static readonly Dictionary<string, string> OfOthers = new()
    {
        ["NODE_OPTIONS"] = "Node reads it",
        ["OTEL_LOG_LEVEL"] = "an SDK reads it",
        ["MY_SETTING"] = "stands for a setting of somebody's extension",
        ["CAPABILITY_IAM"] = "a value of the AWS CLI",
        ["RST_STREAM"] = "a frame of HTTP/2",
    };

    // Strings in capitals in the code that are no variables which it reads.
    private static readonly Dictionary<string, string> NotRead = new()
    {
        [@"^(?:INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|RESOURCE_EXHAUSTED|FAILED_PRECONDITION|OUT_OF_RANGE|DATA_LOSS)$"] = "states of gRPC",
        [@"^(?:CLIENT_KEY|CLIENT_CERTIFICATE|SECRET_ACCESS_KEY|TELEMETRY_EXTENSION_OTLP(?:_[23])?)$"] = "parts of names",
        [@"^NOT_YET_INVENTED$"] = "an event of an unknown type",
        [@"^LOG_ERROR$"] = "a value",
        [@"^SSL_CERT_DIR$"] = "the extension sets it for OpenSSL in its own process",
        [@"^_X_AMZN_TRACE_ID$"] = "the demo function sets it, as a runtime does",
    };

    [Fact]
    public void Variables_InDocuments_AreInTheCode()
    {
        var known = Sources.Literals.Select(literal => literal.Text)
            .Concat(Scripts.SelectMany(script => Variable().Matches(Sources.Script(script)).Select(match => match.Value)))
            .Concat(Variable().Matches(Sources.Script("Makefile")).Select(match => match.Value))
            .Concat(Settings())
            .Concat(Standard())
            .ToHashSet();
        var unknown = Pages.All.SelectMany(page => Variable().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Value)))
            .Where(used => !known.Contains(used.Name) && !OfOthers.ContainsKey(used.Name));

        Difference.IsNone(unknown);
    }

    [Fact]
    public void Variables_InTheCode_AreDocumented()
    {
        var documented = Documented();
        var missing = Sources.Literals.Where(literal => !literal.IsKey && WholeVariable().IsMatch(literal.Text))
            .Where(literal => !NotRead.Keys.Any(pattern => Regex.IsMatch(literal.Text, pattern)))
            .Where(literal => !documented.Contains(literal.Text))
            .Select(literal => literal.ToString());

        Difference.IsNone(missing.Concat(Asked().Where(asked => !documented.Contains(asked.Name)).Select(asked => $"{asked.File}: {asked.Name}")));
    }

    [Fact]
    public void Variables_InScripts_AreDocumented()
    {
        var documented = Documented();
        var missing = Scripts.SelectMany(script => ScriptVariable().Matches(Sources.Script(script)).Select(match => (Script: script, Name: match.Groups[1].Value)))
            .Where(used => !documented.Contains(used.Name));

        Difference.IsNone(missing);
    }

    /// <summary>An exception that nothing needs any more would hide the next fault.</summary>
    [Fact]
    public void Exceptions_OfTheseTests_AreNeeded()
    {
        var documented = Documented();

        Difference.IsNone(OfOthers.Keys.Except(documented));
        Assert.All(NotRead.Keys, pattern => Assert.Contains(Sources.Literals, literal => Regex.IsMatch(literal.Text, pattern)));
    }

    private static HashSet<string> Documented() => [.. Pages.All.SelectMany(page => Variable().Matches(Pages.Text(page)).Concat(Short().Matches(Pages.Text(page))).Select(match => match.Value.Trim('`')))];

    /// <summary>What a call names, also in one word such as PATH.</summary>
    private static IEnumerable<(string File, string Name)> Asked() =>
        Sources.Literals.Select(literal => literal.File).Distinct()
            .SelectMany(file => Read().Matches(File.ReadAllText(Repository.Path(file))).Select(match => (file, match.Groups[1].Value)));

    private static IEnumerable<string> Settings() =>
        CatalogueLine().Matches(File.ReadAllText(Repository.Path("src/TelemetryExtension/Configuration/SettingCatalogue.cs"))).Select(match => Own + match.Groups[1].Value);

    /// <summary>OpenTelemetry's variables that the code composes: for all signals, and for each. SettingsPageTests compares them with what is asked for.</summary>
    private static IEnumerable<string> Standard() =>
        from signal in (string[])["", "TRACES_", "METRICS_", "LOGS_"]
        from name in Sources.Literals.Where(literal => literal.File.EndsWith("/OtlpEndpointReader.cs", StringComparison.Ordinal)).Select(literal => $"OTEL_EXPORTER_OTLP_{signal}{literal.Text}")
            .Append($"OTEL_{signal}EXPORTER")
        select name;

    [GeneratedRegex(@"(?<![A-Za-z0-9_])_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])")]
    private static partial Regex Variable();

    [GeneratedRegex("`[A-Z]{2,}`")]
    private static partial Regex Short();

    [GeneratedRegex("^_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")]
    private static partial Regex WholeVariable();

    [GeneratedRegex("EnvironmentVariable\\(\"([^\"]+)\"\\)")]
    private static partial Regex Read();

    // What the wrapper exports, a user may meet in the function.
    [GeneratedRegex(@"(?:\$\{?|\bexport (?=OTEL_))([A-Z][A-Z0-9_]*[A-Z0-9])(?![A-Za-z0-9_])")]
    private static partial Regex ScriptVariable();

    [GeneratedRegex(@"^\s+([A-Z0-9_]+) \| ", RegexOptions.Multiline)]
    private static partial Regex CatalogueLine();
}
