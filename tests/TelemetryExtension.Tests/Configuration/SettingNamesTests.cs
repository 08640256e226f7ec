using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class SettingNamesTests
{
    /// <summary>The page is correct, because another test compares it with the code.</summary>
    [Fact]
    public void All_AreTheVariablesOnTheSettingsPage()
    {
        var onThePage = Repository.Text("docs", "settings.md").Split('\n')
            .Where(line => line.StartsWith("| `" + SettingNames.Prefix, StringComparison.Ordinal))
            .Select(line => line.Split('`')[1])
            .Order(StringComparer.Ordinal);

        Assert.Equal(onThePage, SettingNames.All.Select(name => SettingNames.Prefix + name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("TELEMETRY_EXTENSION_FLUSH_STRATAGY", "TELEMETRY_EXTENSION_FLUSH_STRATEGY")]
    [InlineData("TELEMETRY_EXTENSION_STRATEGY", null)]
    [InlineData("TELEMETRY_EXTENSION_FLUSH_BUDGET", "TELEMETRY_EXTENSION_FLUSH_BUDGET_MS")]
    [InlineData("TELEMETRY_EXTENTION_FLUSH_INTERVAL", "TELEMETRY_EXTENSION_FLUSH_INTERVAL")]
    [InlineData("TELEMETRY_EXTENSIONS_OTLP_ENDPOINT", "TELEMETRY_EXTENSION_OTLP_ENDPOINT")]
    [InlineData("TELEMTRY_EXTENSION_OTLP_ENDPOINT", "TELEMETRY_EXTENSION_OTLP_ENDPOINT")]
    [InlineData("TELEMETRY_EXTENSION_OLTP_ENDPOINT", "TELEMETRY_EXTENSION_OTLP_ENDPOINT")]
    [InlineData("TELEMETRY_EXTENSION_OTLP_ENDPIONT", "TELEMETRY_EXTENSION_OTLP_ENDPOINT")]
    [InlineData("TELEMETRY_EXTENSION__LOG_LEVEL", "TELEMETRY_EXTENSION_LOG_LEVEL")]
    [InlineData("TELEMETRYEXTENSION_LOG_LEVEL", "TELEMETRY_EXTENSION_LOG_LEVEL")]
    [InlineData("TELEMETRY_EXTENSION_SOMETHING_ELSE_ALTOGETHER", null)]
    [InlineData("TELEMETRY_EXTENSION_", null)]
    [InlineData("telemetry_extension_log_lvl", "TELEMETRY_EXTENSION_LOG_LEVEL")]
    public void Problems_UnknownName_IsReportedWithTheNearestOne(string name, string? nearest)
    {
        var problem = Assert.Single(SettingNames.Problems([name]));

        Assert.StartsWith(name + " is not a setting", problem, StringComparison.Ordinal);
        Assert.Equal(nearest, problem.Contains('?', StringComparison.Ordinal) ? problem.Split("did you mean ")[1].TrimEnd('?') : null);
    }

    [Theory]
    [InlineData("TELEMETRY_EXTENSION_OTLP_ENDPOINT")]
    [InlineData("telemetry_extension_otlp_endpoint")]
    [InlineData("TELEMETRY_EXPORTER_ENDPOINT")]
    [InlineData("TELEMETRY_ENABLED")]
    [InlineData("TZ")]
    [InlineData("T")]
    [InlineData("")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    public void Problems_OtherNames_AreNone(string name) => Assert.Empty(SettingNames.Problems([name]));

    [Fact]
    public void Problems_Many_AreLimited() =>
        Assert.Equal(10, SettingNames.Problems(Enumerable.Range(0, 1000).Select(i => $"TELEMETRY_EXTENSION_X{i}")).Count());

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("abc", "ABC", 0)]
    [InlineData("abc", "acb", 1)]
    [InlineData("abc", "ab", 1)]
    [InlineData("abc", "xbc", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_IsTheNumberOfChanges(string one, string other, int distance)
    {
        Assert.Equal(distance, SettingNames.Distance(one, other));
        Assert.Equal(distance, SettingNames.Distance(other, one));
    }
}
