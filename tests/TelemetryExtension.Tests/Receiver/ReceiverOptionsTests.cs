using System.Net;
using TelemetryExtension.Receiver;
using TelemetryExtension.Settings;

namespace TelemetryExtension.Tests.Receiver;

public sealed class ReceiverOptionsTests
{
    [Fact]
    public void From_NothingSet_IsLoopbackOnTheStandardPorts()
    {
        var problems = new SettingProblems();
        var options = ReceiverOptions.From(new(), problems);

        Assert.Equal((true, IPAddress.Loopback, 4318, 4317, false), (options.Enabled, options.Address, options.HttpPort, options.GrpcPort, options.EnrichResource));
        Assert.Empty(problems.Messages);
    }

    [Fact]
    public void From_BadValues_NamesEachAndKeepsTheDefault()
    {
        var problems = new SettingProblems();
        var options = ReceiverOptions.From(new("yes", "localhost", "70000", "x", "67108865"), problems);

        Assert.Equal(ReceiverOptions.From(new(), new()), options);
        Assert.Equal(5, problems.Messages.Count);
        Assert.All(problems.Messages, message => Assert.StartsWith("TELEMETRY_EXTENSION_OTLP_", message, StringComparison.Ordinal));
    }

    [Fact]
    public void From_LargeRequests_HaveABudgetThatHoldsThem()
    {
        var options = ReceiverOptions.From(new(MaxRequestBytes: "67108864"), new());

        Assert.Equal(2 * 67108864L, options.InFlightBytes);
    }
}
