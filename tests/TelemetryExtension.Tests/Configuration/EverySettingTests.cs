using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>For every setting on the list: what a valid, an invalid, an empty and a missing value do.</summary>
public sealed class EverySettingTests
{
    /// <summary>Nonsense for settings that are neither a number nor a switch. Null: any text is a value.</summary>
    private static readonly Dictionary<string, string?> Invalid = new()
    {
        ["OTLP_ENDPOINT"] = "nowhere",
        ["OTLP_PROTOCOL"] = "smoke signals",
        ["OTLP_HEADERS"] = "no pair",
        ["OTLP_COMPRESSION"] = "zip",
        ["OTLP_SIGNALS"] = "smoke",
        ["OTLP_CERTIFICATE"] = null,
        ["OTLP_CLIENT_KEY"] = null,
        ["OTLP_CLIENT_CERTIFICATE"] = null,
        ["OTLP_SIGV4"] = "a b",
        ["SPOOL_DIRECTORY"] = null,
        ["CLOUDWATCH_LOG_GROUP"] = "{nothing}",
        ["CLOUDWATCH_LOG_STREAM"] = "{nothing}",
        ["DEAD_LETTER_LOG_GROUP"] = "{nothing}",
        ["DEAD_LETTER_LOG_STREAM"] = "{nothing}",
        ["EMF_NAMESPACE"] = "AWS/Lambda",
        ["EMF_DIMENSIONS"] = ";",
        ["LOG_GROUP"] = null,
        ["LOGS_DROP"] = "(",
        ["REDACT_PATTERNS"] = "(",
        ["METRICS_ALLOW"] = null,
        ["METRICS_DENY"] = null,
        ["REDACT_KEYS"] = null,
    };

    public static TheoryData<string> Names => [.. SettingCatalogue.All.Select(static setting => setting.Name)];

    public static TheoryData<string> NamesWithInvalidValues => [.. SettingCatalogue.All.Select(static setting => setting.Name).Where(static name => InvalidOf(name) is not null)];

    public static TheoryData<string> NamesOfTexts => [.. SettingCatalogue.All.Select(static setting => setting.Name).Where(static name => InvalidOf(name) is null)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_Valid_CountsAndIsNoProblem(string name)
    {
        var example = SettingCatalogue.All.Single(setting => setting.Name == name).Example.Trim('`');
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, example));

        Assert.Empty(problems);
        Assert.NotEqual(without, with);
    }

    [Theory]
    [MemberData(nameof(NamesWithInvalidValues))]
    public void Value_Invalid_IsNamedAndItsDefaultCounts(string name)
    {
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, InvalidOf(name)!));

        Assert.StartsWith(SettingNames.Prefix + name, Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal(without, with);
    }

    /// <summary>What such a text names may be missing: a file, a metric, an attribute. Whoever uses it finds out.</summary>
    [Theory]
    [MemberData(nameof(NamesOfTexts))]
    public void Value_AnyText_CountsAndIsNoProblem(string name)
    {
        var (without, _) = Load(Base(name));
        var (with, problems) = Load(With(name, "any-text-\u2603"));

        Assert.Empty(problems);
        Assert.NotEqual(without, with);
        Assert.Contains("any-text-\u2603", with, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_EmptyOrMissing_IsTheSameAndNoProblem(string name)
    {
        var (missing, none) = Load(Base(name));
        var (empty, problems) = Load(With(name, "  "));

        Assert.Empty(none);
        Assert.Empty(problems);
        Assert.Equal(missing, empty);
    }

    /// <summary>A setting with text of its own kind gets its nonsense above.</summary>
    [Fact]
    public void Invalid_Nonsense_IsStatedForEveryText() => Assert.Empty(
        SettingCatalogue.All.Where(static setting => setting.Unit.Length == 0 && InvalidOf(setting.Name) == "nonsense" && Load(With(setting.Name, "nonsense")).Problems.Count == 0).Select(static setting => setting.Name));

    private static string? InvalidOf(string name) => Invalid.TryGetValue(General(name), out var value) ? value : "nonsense";

    /// <summary>The second and the third destination have the settings of the first.</summary>
    private static string General(string name) => name.Replace("OTLP_2_", "OTLP_", StringComparison.Ordinal).Replace("OTLP_3_", "OTLP_", StringComparison.Ordinal);

    /// <summary>What a setting needs beside it to count at all. It has not the setting itself.</summary>
    private static Env Base(string name)
    {
        var environment = new Env { ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "512", ["AWS_REGION"] = "eu-west-1" };
        foreach (var prefix in (string[])["OTLP_", "OTLP_2_", "OTLP_3_"])
        {
            environment[SettingNames.Prefix + prefix + "ENDPOINT"] = name == prefix + "INSECURE" ? "backend.example.com:4317" : $"https://{prefix.ToLowerInvariant().Replace('_', '-')}x.example.com";
            if (name == prefix + "INSECURE")
                environment[SettingNames.Prefix + prefix + "PROTOCOL"] = "grpc";
            if (name == prefix + "CLIENT_KEY")
                environment[SettingNames.Prefix + prefix + "CLIENT_CERTIFICATE"] = "/opt/client.pem";
        }

        environment[SettingNames.Prefix + "CLOUDWATCH_LOG_GROUP"] = name == "CLOUDWATCH_LOG_GROUP" ? null : "/group";
        environment[SettingNames.Prefix + "TRACES_SAMPLER"] = name == "TRACES_SAMPLER_ARG" ? "traceidratio" : null;
        environment.Remove(SettingNames.Prefix + name);
        return environment;
    }

    private static Env With(string name, string value)
    {
        var environment = Base(name);
        environment[SettingNames.Prefix + name] = value;
        return environment;
    }

    private static (string Options, IReadOnlyList<string> Problems) Load(Env environment)
    {
        var problems = new SettingProblems();
        var variables = environment.Read(problems);
        var level = LogOptions.From(variables);
        var options = ExtensionOptions.Load(variables, TelemetryOptions.From(variables), ReceiverOptions.From(variables), []);
        return ($"{OptionsText.Of(level)} {OptionsText.Of(options)}", [.. problems.Messages]);
    }
}
