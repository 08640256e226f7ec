using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;


/// <summary>The number of connections that a real backend sees, and the handling of a dead one.</summary>
public sealed class DeliveryConnectionTests : DeliveryToBackend
{
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_WarmConnection_IsReused(string protocol)
    {
        using var bench = Bench(protocol);
        for (var i = 0; i < 3; i++)
        {
            bench.Add(LogPayload($"m{i}"));
            await bench.DeliverAsync();
        }

        Assert.Single(Backend.Requests.Select(request => request.ConnectionId).Distinct());
    }

    /// <param name="connections">Without TLS a connection costs less than waiting for the answer to another signal.</param>
    [Theory]
    [InlineData("http/protobuf", 3)]
    [InlineData("grpc", 1)]
    public async Task Once_FirstFlushOfSeveralSignals_SendsThemSideBySide(string protocol, int connections)
    {
        using var all = new CountdownEvent(3);
        Backend.Respond = _ =>
        {
            all.Signal();
            return all.Wait(TimeSpan.FromSeconds(20)) ? Fault.None : Fault.Reset;
        };
        // The clock stands still, so no answer is late on a busy machine.
        var settings = new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol };
        using var bench = new DeliveryTestBench(DeliveryTestBench.Destinations(settings), null, null, new ManualTimeProvider());
        foreach (var signal in new[] { Signal.Logs, Signal.Traces, Signal.Metrics })
            bench.Add(LogPayload("x") with { Signal = signal });
        Assert.Equal(0, (await bench.DeliverAsync()).LeftPayloads);
        Assert.Equal((3, connections), (Backend.Requests.Count, Backend.Requests.Select(request => request.ConnectionId).Distinct().Count()));
    }

    [Fact]
    public async Task Once_TheFirstRequestHangs_TheOtherSignalsArriveAllTheSame()
    {
        Backend.Respond = Faults.First(1, Fault.HangBeforeHeaders);
        using var bench = Bench("http/protobuf");
        foreach (var signal in new[] { Signal.Logs, Signal.Traces, Signal.Metrics })
            bench.Add(LogPayload("x") with { Signal = signal });
        Assert.Equal(1, (await bench.DeliverAsync(budgetMs: 2000)).LeftPayloads);
    }

    [Fact]
    public async Task Once_NoTlsConnectionCanBeOpened_OneSignalTriesForAll()
    {
        using var refusing = new RefusingEndpoint();
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = refusing.Url.Replace("http:", "https:", StringComparison.Ordinal) });
        foreach (var signal in new[] { Signal.Logs, Signal.Traces, Signal.Metrics })
            bench.Add(LogPayload("x") with { Signal = signal });
        Assert.Equal(new(3, HealthyAreDone: false), await bench.DeliverAsync());
        Assert.All(bench.Outbox.Lanes, lane => Assert.Equal(1, lane.Health.Failures));
        Assert.All(bench.Outbox.Lanes, lane => Assert.Equal(bench.Outbox.Lanes[0].Health.WaitFrom(DateTimeOffset.MinValue, false), lane.Health.WaitFrom(DateTimeOffset.MinValue, false)));
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_ConnectionDiedWhileIdle_IsRetriedAtOnceOnAFreshOne(string protocol)
    {
        using var bench = Bench(protocol);
        bench.Add(LogPayload("before"));
        await bench.DeliverAsync();

        // The first byte of the next request kills the connection, like a peer that forgot it during a freeze.
        Backend.Receive = Once(Reading.ResetAfter(0));
        bench.Add(LogPayload("after"));
        var summary = await bench.DeliverAsync();
        Assert.Equal(0, summary.LeftPayloads);
        bench.AssertLogs(exported: 2);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_BackendRestarted_Continues(string protocol)
    {
        using var bench = Bench(protocol);
        bench.Add(LogPayload("before"));
        await bench.DeliverAsync();
        await Backend.PauseAsync(TestContext.Current.CancellationToken);
        bench.Add(LogPayload("down"));
        await bench.DeliverAsync();
        await Backend.ResumeAsync(TestContext.Current.CancellationToken);
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 2);
    }

    [Fact]
    public async Task Deliver_Redirect_IsNotFollowed()
    {
        Backend.Respond = Faults.Always(Fault.Http(307, headers: new Dictionary<string, string> { ["Location"] = Backend.HttpUrl + "/elsewhere" }));
        using var bench = Bench("http/protobuf");
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        Assert.Single(Backend.Requests);
        bench.AssertLogs(refused: 1);
    }
}
