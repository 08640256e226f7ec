using System.Text.RegularExpressions;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Resources;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>For every variable that the code reads and that is not ours: what a valid, an invalid, an empty and a missing value do.</summary>
public sealed partial class EveryStandardVariableTests
{
    private const string Otlp = "OTEL_EXPORTER_OTLP_";

    /// <summary>Variables that are not read into the options, each with the tests of its values.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["AWS_LAMBDA_RUNTIME_API"] = "Program",
        ["HTTP_PROXY"] = "EnvironmentProxyTests",
        ["HTTPS_PROXY"] = "EnvironmentProxyTests",
        ["ALL_PROXY"] = "EnvironmentProxyTests",
        ["NO_PROXY"] = "EnvironmentProxyTests",
        ["SSL_CERT_FILE"] = "SystemTrustTests, end to end",
        ["SSL_CERT_DIR"] = "is only unset, for the code of .NET",
    };

    private static readonly Dictionary<string, Variable> Known = Options().Concat(Others()).ToDictionary(static variable => variable.Name);

    public static TheoryData<string> Names => [.. Known.Keys];

    public static TheoryData<string> NamesWithInvalidValues => [.. Known.Values.Where(static variable => variable.Kind == Kind.Checked).Select(static variable => variable.Name)];

    public static TheoryData<string> NamesOfTexts => [.. Known.Values.Where(static variable => variable.Kind == Kind.AnyText).Select(static variable => variable.Name)];

    public static TheoryData<string> NamesOfOthers => [.. Known.Values.Where(static variable => variable.Kind == Kind.OfOthers).Select(static variable => variable.Name)];

    private enum Kind
    {
        /// <summary>An invalid value is named.</summary>
        Checked,

        /// <summary>Any text is a value.</summary>
        AnyText,

        /// <summary>It is for Lambda or for the function's SDK, which know more values than matter here. Any other is like none.</summary>
        OfOthers,
    }

    [Fact]
    public void Known_EveryVariableThatIsReadIntoOptions_IsThere()
    {
        var asked = new HashSet<string>();
        foreach (var own in (string[])["TELEMETRY_EXTENSION_OTLP_", Otlp])
            Load(new() { [own + "ENDPOINT"] = "backend.example.com:4317", [own + "PROTOCOL"] = "grpc" }, asked);

        Assert.Equal(Known.Keys.Order(StringComparer.Ordinal), asked.Where(static name => !name.StartsWith(SettingNames.Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    /// <summary>Finds also what is read past the options: every name of a variable in the source.</summary>
    [Fact]
    public void Known_EveryVariableInTheSource_IsThere()
    {
        var source = Path.Combine(Repository.Root, "src", "TelemetryExtension");
        var named = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(source, file).StartsWith("obj", StringComparison.Ordinal))
            .SelectMany(static file => VariableName().Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value)).Distinct();

        Assert.Empty(named.Except(Known.Keys).Except(Elsewhere.Keys));
        Assert.Empty(Elsewhere.Keys.Intersect(Known.Keys));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_Valid_CountsAndIsNoProblem(string name)
    {
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, Known[name].Valid));

        Assert.Empty(problems);
        Assert.NotEqual(without, with);
    }

    [Theory]
    [MemberData(nameof(NamesWithInvalidValues))]
    public void Value_Invalid_IsNamedOnceAndItsDefaultCounts(string name)
    {
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, Known[name].Other));

        Assert.Matches($"^{name}[= ]", Assert.Single(problems));
        Assert.Equal(without, with);
    }

    [Theory]
    [MemberData(nameof(NamesOfTexts))]
    public void Value_AnyText_CountsAndIsNoProblem(string name)
    {
        var (with, problems) = Load(With(name, Known[name].Other));

        Assert.Empty(problems);
        Assert.Contains(Known[name].Other, with, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(NamesOfOthers))]
    public void Value_OnlyOthersKnow_IsLikeNoneAndNoProblem(string name)
    {
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, Known[name].Other));

        Assert.Empty(problems);
        Assert.Equal(without, with);
    }

    /// <summary>Empty is the same as unset (OpenTelemetry specification), so the general variable counts when that of a signal is empty.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Value_EmptyOrMissing_IsTheSameAndNoProblem(string name)
    {
        var (missing, none) = Load(WithGeneral(Base(name), name));
        Assert.Empty(none);
        foreach (var blank in (string[])["", "  "])
        {
            var environment = WithGeneral(Base(name), name);
            environment[name] = blank;
            var (empty, problems) = Load(environment);

            Assert.Empty(problems);
            Assert.Equal(missing, empty);
        }
    }

    private static IEnumerable<Variable> Options()
    {
        foreach (var signal in (string[])["", "TRACES_", "METRICS_", "LOGS_"])
        {
            yield return new(Otlp + signal + "ENDPOINT", "https://other.example.com:4318/x", "nowhere");
            yield return new(Otlp + signal + "PROTOCOL", "grpc", "smoke signals");
            yield return new(Otlp + signal + "HEADERS", "authorization=Bearer%20abc", "no pair");
            yield return new(Otlp + signal + "TIMEOUT", "5000", "soon");
            yield return new(Otlp + signal + "COMPRESSION", "gzip", "zip");
            yield return new(Otlp + signal + "CERTIFICATE", "/opt/ca.pem", "any text", Kind.AnyText);
            yield return new(Otlp + signal + "CLIENT_KEY", "/opt/client.key", "any text", Kind.AnyText);
            yield return new(Otlp + signal + "CLIENT_CERTIFICATE", "/opt/client.pem", "any text", Kind.AnyText);
            yield return new(Otlp + signal + "INSECURE", "true", "perhaps");
        }
    }

    private static IEnumerable<Variable> Others() =>
    [
        // The function's SDK has exporters that the extension has not: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
        new("OTEL_TRACES_EXPORTER", "none", "zipkin", Kind.OfOthers),
        new("OTEL_METRICS_EXPORTER", "none", "prometheus", Kind.OfOthers),
        new("OTEL_LOGS_EXPORTER", "none", "console", Kind.OfOthers),
        new("OTEL_SERVICE_NAME", "shop", "any text", Kind.AnyText),
        new("OTEL_RESOURCE_ATTRIBUTES", "team=blue", "no pair"),
        new("AWS_REGION", "eu-central-1", "any text", Kind.AnyText),
        new("AWS_DEFAULT_REGION", "eu-central-1", "any text", Kind.AnyText),
        new("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", "any text", Kind.AnyText),
        new("AWS_SECRET_ACCESS_KEY", "example", "any text", Kind.AnyText),
        new("AWS_SESSION_TOKEN", "example", "any text", Kind.AnyText),
        new("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/credentials", "any text", Kind.AnyText),
        new("AWS_CONTAINER_AUTHORIZATION_TOKEN", "example", "any text", Kind.AnyText),
        new("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "any text", Kind.AnyText),
        new("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://127.0.0.1:1", "any text", Kind.AnyText),
        new("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1", "any text", Kind.AnyText),
        new("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:1", "any text", Kind.AnyText),
        new("AWS_USE_FIPS_ENDPOINT", "TRUE", "perhaps"),
        new("AWS_USE_DUALSTACK_ENDPOINT", "true", "perhaps"),
        new("AWS_LAMBDA_FUNCTION_NAME", "orders", "any text", Kind.AnyText),
        new("AWS_LAMBDA_FUNCTION_VERSION", "7", "any text", Kind.AnyText),
        new("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024", "much", Kind.OfOthers),
        new("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start", "any text", Kind.OfOthers),
        new("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/orders", "any text", Kind.AnyText),
        new("AWS_LAMBDA_METADATA_API", "127.0.0.1:1", "any text", Kind.AnyText),
        new("AWS_LAMBDA_METADATA_TOKEN", "example", "any text", Kind.AnyText),
        new("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "2774", "65536"),
    ];

    /// <summary>What a variable needs beside it to count at all. It has not the variable itself.</summary>
    private static Env Base(string name)
    {
        var isInsecure = name.EndsWith("INSECURE", StringComparison.Ordinal);
        var environment = new Env
        {
            [Otlp + "ENDPOINT"] = isInsecure ? "backend.example.com:4317" : "https://one.example.com",
            [Otlp + "PROTOCOL"] = isInsecure ? "grpc" : null,
            [Otlp + "CLIENT_CERTIFICATE"] = name.EndsWith("CLIENT_KEY", StringComparison.Ordinal) ? "/opt/general.pem" : null,
        };
        environment.Remove(name);
        return environment;
    }

    private static Env With(string name, string value)
    {
        var environment = Base(name);
        environment[name] = value;
        return environment;
    }

    /// <summary>With the general variable beside that of a signal.</summary>
    private static Env WithGeneral(Env environment, string name)
    {
        var general = SignalPart().Replace(name, Otlp, 1);
        if (general != name)
            environment[general] = Known[general].Valid;
        if (general.EndsWith("CLIENT_KEY", StringComparison.Ordinal))
            environment[Otlp + "CLIENT_CERTIFICATE"] = "/opt/general.pem";
        return environment;
    }

    /// <summary>The options, and the resource that is made of them.</summary>
    private static (string Options, IReadOnlyList<string> Problems) Load(Env environment, HashSet<string>? asked = null)
    {
        var problems = new SettingProblems();
        var variables = new Variables(
            name =>
            {
                asked?.Add(name);
                return environment.GetValueOrDefault(name);
            },
            problems);
        LogOptions.From(variables);
        var options = ExtensionOptions.Load(variables, TelemetryOptions.From(variables), ReceiverOptions.From(variables), []);
        var resource = LambdaResource.Create(options.Resource, new LambdaFacts(), "instance", problems);
        // The text counts by what it becomes.
        var read = options with { Resource = options.Resource with { ResourceAttributes = null } };
        return ($"{OptionsText.Of(read)} {string.Join(", ", resource.Select(static pair => $"{pair.Key}={OptionsText.Of(pair.Value)}"))}", [.. problems.Messages]);
    }

    private sealed record Variable(string Name, string Valid, string Other, Kind Kind = Kind.Checked);

    [GeneratedRegex("\"((?:OTEL|AWS|SSL|PARAMETERS|TRACEPARENT|NO|ALL|HTTPS?|_X_AMZN)_[A-Z_0-9]*[A-Z0-9])\"")]
    private static partial Regex VariableName();

    [GeneratedRegex("^OTEL_EXPORTER_OTLP_(TRACES|METRICS|LOGS)_")]
    private static partial Regex SignalPart();
}
