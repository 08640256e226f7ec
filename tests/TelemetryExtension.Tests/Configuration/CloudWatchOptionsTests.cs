using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class CloudWatchOptionsTests
{
    private readonly SettingProblems _problems = new();

    [Fact]
    public void From_Nothing_IsOff()
    {
        var options = CloudWatchOptions.From(new Env().Read(_problems));

        Assert.False(options.Enabled);
        Assert.Equal(EmfOutput.Off, options.Emf.Output);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void From_LogGroup_IsOnWithMetrics()
    {
        var options = CloudWatchOptions.From(new Env { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/otel/{function}", ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "7", ["TELEMETRY_EXTENSION_EMF_DIMENSIONS"] = "faas.name, faas.version ; service.name" }.Read(_problems));

        Assert.Equal(new LogTarget("/otel/{function}", "{instance}", true, 7), options.Target);
        Assert.Equal(EmfOutput.Logs, options.Emf.Output);
        Assert.Equal(["faas.name,faas.version", "service.name"], options.Emf.Dimensions.Select(set => string.Join(',', set)));
        Assert.Empty(_problems.Messages);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(";", true)]
    [InlineData("faas.name", false)]
    [InlineData("none", false)]
    public void From_Dimensions_HaveThePointsAttributesUnlessChosen(string? dimensions, bool expected) =>
        Assert.Equal(expected, CloudWatchOptions.From(new Env { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_EMF_DIMENSIONS"] = dimensions }.Read(_problems)).Emf.PointAttributes);

    [Fact]
    public void From_BadValues_NamesEachAndUsesDefaults()
    {
        var options = CloudWatchOptions.From(new Env { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_STREAM"] = "{nope}", ["TELEMETRY_EXTENSION_CLOUDWATCH_SPANS"] = "yes", ["TELEMETRY_EXTENSION_CLOUDWATCH_RESOURCE"] = "some", ["TELEMETRY_EXTENSION_CLOUDWATCH_CREATE"] = "1", ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "8", ["TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES"] = "9999999", ["TELEMETRY_EXTENSION_EMF"] = "on", ["TELEMETRY_EXTENSION_EMF_NAMESPACE"] = "AWS/Lambda", ["TELEMETRY_EXTENSION_EMF_DIMENSIONS"] = ";" }.Read(_problems));

        Assert.Equal(9, _problems.Messages.Count);
        Assert.All(["LOG_STREAM", "SPANS", "RESOURCE", "CREATE", "RETENTION_DAYS", "MAX_EVENT_BYTES", "EMF=", "EMF_NAMESPACE", "EMF_DIMENSIONS"],
            name => Assert.Contains(_problems.Messages, message => message.Contains(name, StringComparison.Ordinal)));
        Assert.Equal(new LogTarget("g", "{instance}"), options.Target);
        Assert.Equal(CloudWatchOptions.DefaultNamespace, options.Emf.Namespace);
    }

    [Fact]
    public void From_EmfToLogsWithoutGroup_UsesStdoutAndSaysSo()
    {
        Assert.Equal(EmfOutput.Stdout, CloudWatchOptions.From(new Env { ["TELEMETRY_EXTENSION_EMF"] = "logs" }.Read(_problems)).Emf.Output);
        Assert.Contains("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }
}
