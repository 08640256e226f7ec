using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class CloudWatchOptionsTests
{
    private readonly SettingProblems _problems = new();

    [Fact]
    public void From_Nothing_IsOff()
    {
        var options = CloudWatchOptions.From(new(), _problems);

        Assert.False(options.Enabled);
        Assert.Equal(EmfOutput.Off, options.Emf.Output);
        Assert.Empty(_problems.Messages);
    }

    [Fact]
    public void From_LogGroup_IsOnWithMetrics()
    {
        var options = CloudWatchOptions.From(new(LogGroup: "/otel/{function}", RetentionDays: "7", EmfDimensions: "faas.name, faas.version ; service.name"), _problems);

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
        Assert.Equal(expected, CloudWatchOptions.From(new(LogGroup: "g", EmfDimensions: dimensions), _problems).Emf.PointAttributes);

    [Fact]
    public void From_BadValues_NamesEachAndUsesDefaults()
    {
        var options = CloudWatchOptions.From(new(
            LogGroup: "g", LogStream: "{nope}", Spans: "yes", Resource: "some", Create: "1", RetentionDays: "8", MaxEventBytes: "9999999",
            Emf: "on", EmfNamespace: "AWS/Lambda", EmfDimensions: ";"), _problems);

        Assert.Equal(9, _problems.Messages.Count);
        Assert.All(["LOG_STREAM", "SPANS", "RESOURCE", "CREATE", "RETENTION_DAYS", "MAX_EVENT_BYTES", "EMF=", "EMF_NAMESPACE", "EMF_DIMENSIONS"],
            name => Assert.Contains(_problems.Messages, message => message.Contains(name, StringComparison.Ordinal)));
        Assert.Equal(new LogTarget("g", "{instance}"), options.Target);
        Assert.Equal(CloudWatchOptions.DefaultNamespace, options.Emf.Namespace);
    }

    [Fact]
    public void From_EmfToLogsWithoutGroup_UsesStdoutAndSaysSo()
    {
        Assert.Equal(EmfOutput.Stdout, CloudWatchOptions.From(new(Emf: "logs"), _problems).Emf.Output);
        Assert.Contains("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }
}
