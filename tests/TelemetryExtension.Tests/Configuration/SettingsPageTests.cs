using System.Text.RegularExpressions;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>Keeps docs/settings.md complete: it names every variable that the code reads, and no other, with its default.</summary>
public sealed partial class SettingsPageTests
{
    private const string Prefix = "TELEMETRY_EXTENSION_";

    public static TheoryData<string, string> Defaults => [.. Rows()
        .Select(row => (Name: row.Key, Default: Quoted().Match(row.Value)))
        .Where(row => row.Default.Success)
        .Select(row => new TheoryDataRow<string, string>(row.Name, row.Default.Groups[1].Value))];

    /// <summary>To write the tables anew after a change of the list: UPDATE_SETTINGS_PAGE=1 dotnet test ... --filter-class '*.SettingsPageTests'.</summary>
    [Fact]
    public void Page_Tables_AreMadeOfTheCatalogue()
    {
        var expected = WithTables(Page());
        if (Environment.GetEnvironmentVariable("UPDATE_SETTINGS_PAGE") is not null)
            File.WriteAllText(Path.Combine(Repository.Root, "docs", "settings.md"), expected);

        Assert.Equal(expected.Split('\n'), Page().Split('\n'));
        Assert.Equal(SettingCatalogue.All.Select(setting => Prefix + setting.Name), Rows().Keys);
    }

    [Fact]
    public void Page_Tables_NameEveryOwnVariable() => Assert.Empty(Bound().Except(Rows().Keys));

    [Fact]
    public void Page_Tables_NameNothingThatIsNotRead() => Assert.Empty(Rows().Keys.Except(Bound()));

    /// <summary>Of the variables of one signal the page has an example.</summary>
    [Fact]
    public void Page_Text_NamesEveryOtherVariable() =>
        Assert.Empty(Asked().Where(name => !name.StartsWith(Prefix, StringComparison.Ordinal)).Select(OfAllSignals).Except(Variable().Matches(Page()).Select(match => match.Groups[1].Value)));

    /// <summary>Apart from those that the program reads without its options: of Lambda's API, the proxy and the system's certificates.</summary>
    [Fact]
    public void Page_Text_NamesNoOtherVariableThatIsNotRead() =>
        Assert.Empty(Variable().Matches(Page()).Select(match => match.Groups[1].Value).Where(name => !name.StartsWith(Prefix, StringComparison.Ordinal)).Except(Asked().Select(OfAllSignals).Concat(Asked()))
            .Except(["AWS_LAMBDA_RUNTIME_API", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "OTEL_TRACES_SAMPLER"]));

    private static string OfAllSignals(string name) => OneSignal().Replace(name, "OTEL_EXPORTER_OTLP_");

    /// <summary>Setting a variable to the default on the page must change nothing.</summary>
    [Theory]
    [MemberData(nameof(Defaults))]
    public void Page_Default_IsWhatTheCodeUses(string name, string value)
    {
        var unset = Load([], out _);
        var set = Load(new() { [name] = value }, out var problems);

        Assert.Empty(problems);
        Assert.Equal(OptionsText.Of(unset), OptionsText.Of(set));
    }

    private static ExtensionOptions Load(Env environment, out IReadOnlyList<string> reported, HashSet<string>? asked = null)
    {
        environment.TryAdd("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_ENDPOINT", "https://one.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", "https://two.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_3_ENDPOINT", "https://three.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "/group");
        var problems = new SettingProblems();
        var variables = new Variables(name => Read(name, environment, asked), problems);
        LogOptions.From(variables);
        var options = ExtensionOptions.Load(variables, TelemetryOptions.From(variables), ReceiverOptions.From(variables), []);
        reported = [.. problems.Messages];
        return options;
    }

    private static string? Read(string name, Env environment, HashSet<string>? asked)
    {
        asked?.Add(name);
        return environment.GetValueOrDefault(name);
    }

    /// <summary>Our own variables that the code reads.</summary>
    private static HashSet<string> Bound() => [.. Asked().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))];

    /// <summary>
    /// The variables that the code reads. A gRPC endpoint without a scheme makes it read every option. It reads the standard ones when our own endpoint is not set.
    /// </summary>
    private static HashSet<string> Asked()
    {
        var asked = new HashSet<string>();
        foreach (var own in (string[])["backend.example.com:4317", ""])
        {
            var environment = new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "backend.example.com:4317", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc" };
            foreach (var prefix in (string[])["TELEMETRY_EXTENSION_OTLP_", "TELEMETRY_EXTENSION_OTLP_2_", "TELEMETRY_EXTENSION_OTLP_3_"])
                (environment[prefix + "ENDPOINT"], environment[prefix + "PROTOCOL"]) = (own, own.Length > 0 ? "grpc" : "");
            Load(environment, out _, asked);
        }

        return asked;
    }

    /// <summary>The page with each row of our settings replaced, in its section, by the catalogue's.</summary>
    private static string WithTables(string page)
    {
        var lines = new List<string>();
        var section = "";
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith('#'))
                section = line.TrimStart('#', ' ');
            if (!line.StartsWith($"| `{Prefix}", StringComparison.Ordinal))
                lines.Add(line);
            else if (!lines[^1].StartsWith($"| `{Prefix}", StringComparison.Ordinal))
                lines.AddRange(SettingCatalogue.All.Where(setting => setting.Section == section)
                    .Select(setting => $"| `{Prefix}{setting.Name}` | {setting.Default} | {setting.Unit} | {setting.Example} | {setting.Meaning} |"));
        }

        return string.Join('\n', lines);
    }

    /// <summary>Each variable with the cell of its default.</summary>
    private static Dictionary<string, string> Rows() => Page().Split('\n')
        .Where(line => line.StartsWith($"| `{Prefix}", StringComparison.Ordinal))
        .Select(line => line.Split(" | "))
        .ToDictionary(cells => cells[0].Trim('|', ' ', '`'), cells => cells[1]);

    private static string Page() => Repository.Text("docs", "settings.md");

    [GeneratedRegex("^`([^`]+)`$")]
    private static partial Regex Quoted();

    [GeneratedRegex("`([A-Z]+(?:_[A-Z0-9]+)+)`")]
    private static partial Regex Variable();

    [GeneratedRegex("^OTEL_EXPORTER_OTLP_(?:TRACES|METRICS|LOGS)_")]
    private static partial Regex OneSignal();
}
