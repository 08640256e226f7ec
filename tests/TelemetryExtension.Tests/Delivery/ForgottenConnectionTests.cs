using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>
/// A network that drops a connection without FIN or RST, with real handlers and a real backend. End-to-end tests cover the freeze itself and SHUTDOWN.
/// </summary>
public sealed class ForgottenConnectionTests : IAsyncLifetime
{
    private OtlpBackend _backend = null!;

    public async ValueTask InitializeAsync() => _backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    /// <summary>A normal budget is too short to notice the dead connection: that flush fails, and the next one opens a new connection.</summary>
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Once_ConnectionWasForgottenInAFreeze_TheNextFlushHasANewOne(string protocol)
    {
        await using var proxy = Proxy(protocol);
        var time = new OffsetTime();
        using var bench = await WarmAsync(protocol, proxy, time);
        proxy.Forget();
        time.Offset += TimeSpan.FromSeconds(30);
        AddSignals(bench);
        Assert.InRange((await bench.DeliverAsync(budgetMs: 200)).LeftPayloads, 1, 2);
        time.Offset += TimeSpan.FromSeconds(30);
        Assert.Equal(0, (await bench.DeliverAsync()).LeftPayloads);
        Assert.Equal(4, _backend.Requests.Count);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Once_NoFreezeBetween_AFewFlushesAreEnough(string protocol)
    {
        await using var proxy = Proxy(protocol);
        var time = new OffsetTime();
        using var bench = await WarmAsync(protocol, proxy, time);
        proxy.Forget();
        AddSignals(bench);
        var flushes = 0;
        while ((await bench.FlushAsync(budgetMs: 100)).LeftPayloads > 0)
        {
            Assert.InRange(++flushes, 1, 5);
            time.Offset += TimeSpan.FromSeconds(1);
        }

        bench.AssertLogs(exported: 2);
    }

    /// <summary>Requests of two signals have been answered.</summary>
    private static async Task<DeliveryTestBench> WarmAsync(string protocol, ForgetfulProxy proxy, TimeProvider? time = null)
    {
        var bench = new DeliveryTestBench(
            DeliveryTestBench.Destinations(new Env { ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = proxy.Url, ["TELEMETRY_EXTENSION_OTLP_PROTOCOL"] = protocol }, time), null, null, time ?? TimeProvider.System);
        AddSignals(bench);
        Assert.Equal(0, (await bench.DeliverAsync()).LeftPayloads);
        return bench;
    }

    private static void AddSignals(DeliveryTestBench bench)
    {
        foreach (var signal in new[] { Signal.Logs, Signal.Traces })
            bench.Add(LogPayload("x") with { Signal = signal });
    }

    private ForgetfulProxy Proxy(string protocol) => new(protocol == "grpc" ? _backend.GrpcUrl : _backend.HttpUrl);

    /// <summary>A real clock, with freezes that take no time.</summary>
    private sealed class OffsetTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
