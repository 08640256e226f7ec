using System.Net;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class ReceiverOptionsTests
{
    private const long Plenty = 1L << 32;
    private const long Mebibyte = 1024 * 1024;

    [Fact]
    public void From_NothingSet_IsLoopbackOnTheStandardPorts()
    {
        var problems = new SettingProblems();
        var options = ReceiverOptions.From(new Env().Read(problems), 64 * Mebibyte);

        Assert.Equal(new(true, IPAddress.Loopback, 4318, 4317, 4 * 1024 * 1024, 12 * Mebibyte, false), options);
        Assert.Empty(problems.Messages);
    }

    [Fact]
    public void From_BadValues_NamesEachAndKeepsTheDefault()
    {
        var problems = new SettingProblems();
        var options = ReceiverOptions.From(new Env { ["TELEMETRY_EXTENSION_OTLP_RECEIVER"] = "yes", ["TELEMETRY_EXTENSION_OTLP_RECEIVER_ADDRESS"] = "localhost", ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "70000", ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "x", ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "67108865" }.Read(problems), Plenty);

        Assert.Equal(ReceiverOptions.From(new Env().Read(), Plenty), options);
        Assert.Equal(5, problems.Messages.Count);
        Assert.All(problems.Messages, message => Assert.StartsWith("TELEMETRY_EXTENSION_OTLP_", message, StringComparison.Ordinal));
    }

    [Fact]
    public void From_LargeRequests_HaveABudgetThatHoldsThem() =>
        Assert.Equal(128 * Mebibyte, ReceiverOptions.From(new Env { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "67108864" }.Read(), Plenty).InFlightBytes);

    /// <summary>The heap's hard limit overrides a setting, because reaching it would cost the function.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(20)]
    [InlineData(5)]
    public void From_SmallHeap_TakesAQuarterAtMost(long heapMebibytes)
    {
        var problems = new SettingProblems();
        var options = ReceiverOptions.From(new Env { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "67108864", ["TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES"] = "67108864" }.Read(problems), heapMebibytes * Mebibyte);

        Assert.InRange(options.InFlightBytes, 1, heapMebibytes * Mebibyte / 4);
        Assert.InRange(options.MaxRequestBytes, 1, options.InFlightBytes / 2);
        Assert.Equal(2, problems.Messages.Count);
    }
}
