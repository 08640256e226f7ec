using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>docs/settings.md cannot go stale: it names every variable that is bound and no other, with its default.</summary>
public sealed partial class SettingsPageTests
{
    private const string Prefix = "TELEMETRY_EXTENSION_";

    public static TheoryData<string, string> Defaults => [.. Rows()
        .Select(row => (Name: row.Key, Default: Quoted().Match(row.Value)))
        .Where(row => row.Default.Success)
        .Select(row => new TheoryDataRow<string, string>(row.Name, row.Default.Groups[1].Value))];

    [Fact]
    public void Page_Tables_NameEveryVariableOfOurs() => Assert.Empty(Bound().Except(Rows().Keys));

    [Fact]
    public void Page_Tables_NameNothingThatIsNotRead() => Assert.Empty(Rows().Keys.Except(Bound()));

    [Fact]
    public void Page_Text_NamesTheStandardVariablesThatAreRead()
    {
        var text = Page();
        Assert.All(["ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE", "INSECURE"], (string name) =>
            Assert.Contains($"`OTEL_EXPORTER_OTLP_{name}`", text, StringComparison.Ordinal));
    }

    /// <summary>Setting a variable to the default on the page must change nothing.</summary>
    [Theory]
    [MemberData(nameof(Defaults))]
    public void Page_Default_IsWhatTheCodeUses(string name, string value)
    {
        var unset = Load([], out _);
        var set = Load(new() { [name] = value }, out var problems);

        Assert.Empty(problems);
        Assert.Equal(Print(unset), Print(set));
    }

    private static ExtensionOptions Load(Dictionary<string, string?> environment, out IReadOnlyList<string> reported)
    {
        environment.TryAdd("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_ENDPOINT", "https://one.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", "https://two.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_OTLP_3_ENDPOINT", "https://three.example.com");
        environment.TryAdd("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "/group");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(environment).Build();
        var problems = new SettingProblems();
        var telemetry = TelemetryOptions.From(configuration.Get<TelemetrySettings>() ?? new(), problems);
        var receiver = ReceiverOptions.From(configuration.Get<ReceiverSettings>() ?? new(), problems);
        var options = ExtensionOptions.Load(configuration, telemetry, receiver, [], problems);
        reported = [.. problems.Messages];
        return options;
    }

    private static string Print(object? value) => value switch
    {
        null => "null",
        string text => text,
        System.Collections.IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Print)) + "]",
        _ when value.GetType().Assembly == typeof(ExtensionOptions).Assembly && !value.GetType().IsEnum => "{" + string.Join(
            ", ", value.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.GetIndexParameters().Length == 0).Select(property => $"{property.Name}={Print(property.GetValue(value))}")) + "}",
        _ => value.ToString()!,
    };

    private static HashSet<string> Bound() => [.. typeof(ExtensionOptions).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(ExtensionOptions).Namespace)
        .SelectMany(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        .Select(property => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name)
        .OfType<string>()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))];

    /// <summary>Variable and the cell with its default.</summary>
    private static Dictionary<string, string> Rows() => Page().Split('\n')
        .Where(line => line.StartsWith($"| `{Prefix}", StringComparison.Ordinal))
        .Select(line => line.Split(" | "))
        .ToDictionary(cells => cells[0].Trim('|', ' ', '`'), cells => cells[1]);

    private static string Page()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "TelemetryExtension.sln")))
                return File.ReadAllText(Path.Combine(folder, "docs", "settings.md"));
        throw new FileNotFoundException("docs/settings.md");
    }

    [GeneratedRegex("^`([^`]+)`$")]
    private static partial Regex Quoted();
}
