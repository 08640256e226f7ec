using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Tests.Configuration;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;


/// <summary>Delivery to a real backend that misbehaves, over both protocols.</summary>
public sealed class DeliveryFaultTests : DeliveryToBackend
{
    [Theory]
    [InlineData("http/protobuf", "none")]
    [InlineData("http/protobuf", "gzip")]
    [InlineData("grpc", "none")]
    [InlineData("grpc", "gzip")]
    public async Task Deliver_GoodBackend_ArrivesOnce(string protocol, string compression)
    {
        using var bench = Bench(protocol, compression);
        var payload = bench.Add(LogPayload("one", "two"));
        var summary = await bench.DeliverAsync();

        Assert.Equal(new(0, HealthyAreDone: true, HasDelivered: true), summary);
        var request = Assert.Single(Backend.Requests);
        Assert.Equal(2, request.AcceptedItems);
        Assert.Equal(compression == "gzip", request.Compressed);
        Assert.Equal(payload.BatchId, request.Headers[OtlpHeaders.BatchId]);
        Assert.Equal("secret value", request.Headers["x-key"]);
        Assert.StartsWith("OTel-OTLP-Exporter-TelemetryExtension/0.1.0", request.Headers["User-Agent"], StringComparison.Ordinal);
        bench.AssertLogs(exported: 2);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_PartialSuccess_IsFinalAndCounted(string protocol)
    {
        Backend.Respond = Faults.Always(Fault.PartialSuccess(1, "too old"));
        using var bench = Bench(protocol);
        bench.Add(LogPayload("one", "two", "three"));
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(exported: 2, rejected: 1);
    }

    /// <summary>A proxy in front of a gRPC server answers in plain HTTP.</summary>
    [Theory]
    [InlineData("http/protobuf", 429)]
    [InlineData("http/protobuf", 503)]
    [InlineData("grpc", 429)]
    [InlineData("grpc", 503)]
    public async Task Deliver_RetryAfterOverHttp_IsHonoured(string protocol, int status)
    {
        Backend.Respond = Faults.First(1, Fault.Http(status, retryAfter: TimeSpan.FromSeconds(7)));
        var destination = Assert.Single(DeliveryTestBench.Destinations(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol }));
        using var owner = destination as IDisposable;
        var result = await destination.DeliverAsync(LogPayload("one"), TestContext.Current.CancellationToken);
        Assert.Equal((DeliveryStatus.Retryable, TimeSpan.FromSeconds(7)), (result.Status, result.RetryAfter));
    }

    /// <summary>RESOURCE_EXHAUSTED for another reason than the request's size: smaller requests would only make it worse.</summary>
    [Fact]
    public async Task Deliver_GrpcExhaustedWithoutRetryInfo_IsSentOnceAndKeptForTheDeadLetters()
    {
        Backend.Respond = Faults.Always(Fault.Grpc(8, "quota exceeded"));
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.GrpcUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc" }, new(KeepsForDeadLetters: true));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload("a", "b", "c"));
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Single(Backend.Requests);
        Assert.True(bench.Delivery.HasExpired);
        bench.AssertLogs(buffered: 30);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    [InlineData("grpc", true)]
    public async Task Deliver_OnePoisonedAmongGood_OnlyItIsLost(string protocol, bool aProxySaysSo = false)
    {
        var script = Faults.RefuseContaining("poison");
        Backend.Respond = request => script(request) is var fault && fault != Fault.None && aProxySaysSo ? Fault.Http(400, "no") : fault;
        using var bench = Bench(protocol);
        bench.Add(LogPayload("a", "b", "c"));
        bench.Add(LogPayload("d", "poison", "e", "f"));
        bench.Add(LogPayload("g"));
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 7, refused: 1);
        Assert.Equal(["a", "b", "c", "d", "e", "f", "g"], Bodies());
    }

    [Fact]
    public async Task Deliver_EverythingRefused_CostsABoundedNumberOfRequests()
    {
        Backend.Respond = Faults.Always(Fault.Http(400, "no"));
        using var bench = Bench("http/protobuf");
        bench.Add(LogPayload(records: 500, bytesEach: 5));
        await bench.DeliverAsync();
        bench.AssertLogs(refused: 500);
        Assert.InRange(Backend.Requests.Count, 2, 60);
    }

    [Theory]
    [InlineData("http/protobuf", 401)]
    [InlineData("http/protobuf", 404)]
    [InlineData("http/protobuf", 500)]
    [InlineData("grpc", 401)]
    public async Task Deliver_FinalRefusal_IsDroppedWithoutRetry(string protocol, int status)
    {
        Backend.Respond = Faults.Always(Fault.Http(status, "no"));
        using var bench = Bench(protocol);
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(refused: 1);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Once_RetryableFailure_LeavesTheRestForLater(string protocol)
    {
        Backend.Respond = Faults.First(1, Fault.Http(503));
        using var bench = Bench(protocol);
        var payload = bench.Add(LogPayload("one"));
        Assert.Equal(1, (await bench.DeliverAsync()).LeftPayloads);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(buffered: 1);

        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.All(Backend.Requests, request => Assert.Equal(payload.BatchId, request.Headers[OtlpHeaders.BatchId]));
        bench.AssertLogs(exported: 1);
    }

    [Fact]
    public async Task Once_WhileBackingOff_DoesNotAskAgain()
    {
        Backend.Respond = Faults.Always(Fault.Http(503, retryAfter: TimeSpan.FromMinutes(1)));
        using var bench = Bench("http/protobuf");
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        await bench.DeliverAsync();
        await bench.DeliverAsync(DeliveryMode.Drain, budgetMs: 300);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(buffered: 1);
    }

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task Drain_FaultsThatPass_EverythingArrives(string protocol, string fault)
    {
        Backend.Respond = Faults.First(2, FaultNamed(fault));
        using var bench = Bench(protocol, timeoutMs: 250);
        bench.Add(LogPayload("one", "two"));
        var summary = await bench.DeliverAsync(DeliveryMode.Drain, budgetMs: 8000);
        Assert.Equal(0, summary.LeftPayloads);
        Assert.Single(Backend.Requests.Select(request => request.Headers[OtlpHeaders.BatchId]).Distinct());
        bench.AssertLogs(exported: 2);
    }

    public static TheoryData<string, string> PassingFaults()
    {
        var data = new TheoryData<string, string>();
        foreach (var protocol in new[] { "http/protobuf", "grpc" })
            foreach (var fault in new[] { "429", "502", "504", "reset", "hang", "close" })
                data.Add(protocol, fault);
        foreach (var fault in new[] { "hang-mid-body", "unavailable", "exhausted-retryinfo", "reset-stream", "goaway", "rst-internal" })
            data.Add("grpc", fault);
        return data;
    }

    [Fact]
    public async Task Deliver_Http1AnswerWhoseBodyHangs_IsFinalAndItsConnectionIsNotUsedAgain()
    {
        Backend.Respond = Faults.First(1, Fault.HangMidBody);
        using var bench = Bench("http/protobuf", timeoutMs: 5000);
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(exported: 1);

        bench.Add(LogPayload("two"));
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 2);
        Assert.Equal(2, Backend.Requests.Select(request => request.ConnectionId).Distinct().Count());
    }

    [Fact]
    public async Task Deliver_Http1AnswerWhoseBodyHangsBeyondTheBudget_IsFinal()
    {
        Backend.Respond = Faults.Always(Fault.HangMidBody);
        using var bench = Bench("http/protobuf");
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync(budgetMs: 1000);
        Assert.Single(Backend.Requests);
        bench.AssertLogs(exported: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public async Task Deliver_SeveralPoisonedAmongManyGood_OnlyTheyAreLost(int poisoned)
    {
        Backend.Respond = Faults.RefuseContaining("poison");
        using var bench = Bench("http/protobuf");
        bench.Add(LogPayload([.. Enumerable.Range(0, 1000).Select(i => i % (1000 / poisoned) == 77 ? "poison" : "good")]));
        await bench.DeliverAsync(DeliveryMode.Drain, 20_000);
        bench.AssertLogs(exported: 1000 - poisoned, refused: poisoned);
    }

    [Theory]
    [InlineData("http/protobuf", 64)]
    [InlineData("http/protobuf", 20)]
    [InlineData("http/protobuf", 5)]
    [InlineData("grpc", 20)]
    [InlineData("grpc", 20, true)]
    public async Task Deliver_RequestsAreTooLarge_AreCutAndLaterOnesAreMadeToFit(string protocol, int limitKiB, bool aProxySaysSo = false)
    {
        var limit = limitKiB * 1024;
        var refusal = protocol == "grpc" && !aProxySaysSo ? Fault.Grpc(8, "too large") : Fault.Http(413, "too large");
        Backend.Respond = request => request.Body.Length <= limit ? Fault.None : refusal;
        using var bench = Bench(protocol);
        for (var i = 0; i < 600; i++)
            bench.Add(LogPayload(records: 2, bytesEach: 1000));
        await bench.DeliverAsync(DeliveryMode.Drain, 20_000);
        bench.AssertLogs(exported: 1200);

        var before = Backend.Requests.Count;
        for (var i = 0; i < 100; i++)
            bench.Add(LogPayload(records: 2, bytesEach: 1000));
        await bench.DeliverAsync(DeliveryMode.Drain, 20_000);
        bench.AssertLogs(exported: 1400);
        Assert.All(Backend.Requests.Skip(before), request => Assert.InRange(request.Body.Length, 1, limit));
    }

    [Fact]
    public async Task Deliver_RefusedConnection_KeepsThePayloadWithoutDelay()
    {
        using var refusing = new RefusingEndpoint();
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = refusing.Url });
        bench.Add(LogPayload("one"));
        Assert.Equal(1, (await bench.DeliverAsync()).LeftPayloads);
        bench.AssertLogs(buffered: 1);
    }

    [Fact]
    public async Task Deliver_HangingBackend_EndsAtTheBudget()
    {
        await using var hanging = new HangingEndpoint();
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = hanging.Url });
        bench.Add(LogPayload("one"));
        var started = TimeProvider.System.GetTimestamp();
        var summary = await bench.DeliverAsync(budgetMs: 200);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 150, 3000);
        Assert.Equal(1, summary.LeftPayloads);
        bench.AssertLogs(buffered: 1);
    }

    [Fact]
    public async Task Deliver_OneDestinationHangs_TheOtherIsDoneAndTheLedgerWaits()
    {
        await using var hanging = new HangingEndpoint();
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = hanging.Url, ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = Backend.HttpUrl });
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload($"m{i}"));
        await bench.DeliverAsync(budgetMs: 300);
        Assert.Equal(5, Backend.LogRecords.Count);
        bench.AssertLogs(buffered: 5);

        Assert.Equal(5, await bench.Delivery.GiveUpAsync(null, TestContext.Current.CancellationToken));
        Assert.Equal(5, bench.LogsLine().Dropped[(int)DropReason.Shutdown]);
        bench.AssertLogs();
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Drain_SixteenMebibytesAtFiftyMillisecondsRoundTrip_FitsTheShutdownBudget(string protocol)
    {
        Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(50)));
        using var bench = Bench(protocol, outbox: new(MaxBytes: 48 << 20));
        for (var i = 0; i < 256; i++)
            bench.Add(LogPayload(records: 64, bytesEach: 1000));
        var started = TimeProvider.System.GetTimestamp();
        var summary = await bench.DeliverAsync(DeliveryMode.Drain, budgetMs: 20_000);
        TestContext.Current.SendDiagnosticMessage($"{protocol}: {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds} ms in {Backend.Requests.Count} requests");
        Assert.Equal(0, summary.LeftPayloads);
        bench.AssertLogs(exported: 256 * 64);

        // This is about requests and parallelism, not about speed: 16 MiB in merges of half a MiB, several of them in flight at once.
        Assert.InRange(Backend.Requests.Count, 32, 40);
        var times = Backend.Requests.Select(request => request.Time).Order().ToList();
        Assert.True(times.Max(from => times.Count(time => time >= from && time < from.AddMilliseconds(50))) >= 3, "never three at a time");
    }

    private static Fault FaultNamed(string name) => name switch
    {
        "reset" => Fault.Reset,
        "hang" => Fault.HangBeforeHeaders,
        "hang-mid-body" => Fault.HangMidBody,
        "close" => Fault.CloseAfterHeaders,
        "unavailable" => Fault.Grpc(14, trailersOnly: false),
        "exhausted-retryinfo" => Fault.Grpc(8, retryDelay: TimeSpan.FromMilliseconds(10)),
        "reset-stream" => Fault.ResetStream(),
        "rst-internal" => Fault.ResetStream(2),
        "goaway" => Fault.GoAway(),
        _ => Fault.Http(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
    };
}
