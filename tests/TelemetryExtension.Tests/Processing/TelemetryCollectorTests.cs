using System.Text;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Delivery;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;
using TelemetryExtension.Tests.Otlp;
using TelemetryExtension.Tests.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing;

public sealed class TelemetryCollectorTests : IDisposable
{
    private const string InitStart =
        """{"time":"2025-08-11T11:59:59.400Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","instanceId":"2025/08/11/orders[7]22be","instanceMaxMemory":256}}""";

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");
    private readonly DeliveryTestBench _bench;
    private readonly TelemetryChannel _channel;
    private readonly TelemetryCollector _collector;

    public TelemetryCollectorTests()
    {
        _bench = new([_destination], new(), null, _time);
        _channel = new(new(64, 1 << 20), _bench.Ledger);
        _collector = new(
            _channel, new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "7"), enrich: true),
            new LogEncoder(_bench.Outbox.Add, _time), null, _bench.Outbox, _bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false));
    }

    [Fact]
    public async Task Collect_OtlpOfTheFunction_IsEnrichedWithAllThatIsKnownByThen()
    {
        Write(TelemetryItemKind.PlatformEvent, Signal.Traces, Encoding.UTF8.GetBytes(InitStart));
        Write(TelemetryItemKind.OtlpRequest, Signal.Traces, OtlpSamples.Trace());

        _collector.Collect();
        await _bench.DeliverAsync();

        var resource = ExportTraceServiceRequest.Parser.ParseFrom(Assert.Single(_destination.Requests).Body.Span).ResourceSpans[0].Resource;
        var attributes = resource.Attributes.ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal(("orders", "7", "2025/08/11/orders[7]22be", 256L << 20), (
            attributes["faas.name"].StringValue, attributes["faas.version"].StringValue, attributes["faas.instance"].StringValue,
            attributes["faas.max_memory"].IntValue));
        Assert.DoesNotContain("service.instance.id", attributes.Keys);
    }

    /// <summary>The function's span arrives after its log lines: those that wait are in its trace all the same.</summary>
    [Fact]
    public async Task Collect_LogsBeforeTheFunctionsSpan_AreInItsTrace()
    {
        const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
        _collector.OnInvoke(new(Id, "", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0", 0));
        Write(TelemetryItemKind.FunctionLog, Signal.Logs, Encoding.UTF8.GetBytes($"\"[INFO]\t2025-08-11T12:00:00.000Z\t{Id}\tone\""));
        var span = FunctionSpanReaderTests.Span(OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Server, ("faas.invocation_id", Id));
        var request = new ExportTraceServiceRequest { ResourceSpans = { new OpenTelemetry.Proto.Trace.V1.ResourceSpans { ScopeSpans = { new OpenTelemetry.Proto.Trace.V1.ScopeSpans { Spans = { span } } } } } };
        Write(TelemetryItemKind.OtlpRequest, Signal.Traces, request.ToByteArray());

        _collector.Collect();
        await _bench.DeliverAsync();

        var log = Assert.Single(_destination.Requests.Where(static sent => sent.Signal == Signal.Logs).SelectMany(static sent => sent.LogRecords()));
        Assert.Equal(span.TraceId, log.TraceId);
        Assert.Equal((0, 0), (_channel.Count, _channel.Traces));
    }

    /// <summary>The encoder waits for more lines of a text record, and the end of the invocation comes before them.</summary>
    [Fact]
    public async Task Collect_LineAboutTheExitBeforeTheEnd_NamesTheCause()
    {
        const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
        _collector.OnInvoke(new(Id, "", null, 0));
        Write(TelemetryItemKind.FunctionLog, Signal.Logs, Encoding.UTF8.GetBytes($"\"RequestId: {Id} Error: Runtime exited with error: signal: killed\\nRuntime.ExitError\""));
        Write(TelemetryItemKind.PlatformEvent, Signal.Traces, Encoding.UTF8.GetBytes(
            $$$"""{"time":"2025-08-11T12:00:00.000Z","type":"platform.runtimeDone","record":{"requestId":"{{{Id}}}","status":"error","errorType":"Runtime.ExitError"}}"""));

        _collector.Collect();
        await _bench.DeliverAsync();

        var span = Assert.Single(ExportTraceServiceRequest.Parser.ParseFrom(Assert.Single(_destination.Requests, static sent => sent.Signal == Signal.Traces).Body.Span)
            .ResourceSpans[0].ScopeSpans[0].Spans);
        Assert.Equal("Runtime exited with error: signal: killed", span.Status.Message);
        Assert.Equal("Runtime.OutOfMemory", span.Attributes.Single(pair => pair.Key == "error.type").Value.StringValue);
        var logs = _destination.Requests.Where(static sent => sent.Signal == Signal.Logs).SelectMany(static sent => sent.LogRecords()).ToList();
        Assert.Equal(["The function ran out of memory: its runtime was killed"], logs.Where(log => log.Attributes.Any(pair => pair.Key == "error.type")).Select(log => log.Body.StringValue));
        Assert.Equal((2, 2), (_bench.LogsLine().Received, logs.Count));
    }

    [Fact]
    public async Task Collect_ItemThatCannotBeRead_IsCountedAndTheNextIsTaken()
    {
        var broken = Write(TelemetryItemKind.FunctionLog, Signal.Logs, "\"one\""u8.ToArray());
        broken.Release();
        Write(TelemetryItemKind.FunctionLog, Signal.Logs, "\"two\""u8.ToArray());

        _collector.Collect();
        await _bench.DeliverAsync();

        var logs = Assert.Single(_destination.Requests).LogRecords();
        Assert.Equal("two", Assert.Single(logs).Body.StringValue);
        var line = _bench.LogsLine();
        Assert.Equal((2, 1, 1, 0), (line.Received, line.Exported, line.Dropped[(int)DropReason.Malformed], line.Buffered));
    }

    [Fact]
    public async Task Close_WhileOthersWrite_LeavesNothingInTheChannel()
    {
        using var started = new Barrier(3);
        var writers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            started.SignalAndWait(TestContext.Current.CancellationToken);
            for (var i = 0; i < 2000; i++)
                Write(TelemetryItemKind.FunctionLog, Signal.Logs, "\"line\""u8.ToArray());
        })).ToArray();
        started.SignalAndWait(TestContext.Current.CancellationToken);

        _collector.Close("spindown", hasTelemetry: true);

        await Task.WhenAll(writers).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((0, 0L), (_channel.Count, _channel.Bytes));
    }

    public void Dispose()
    {
        _collector.Dispose();
        _bench.Dispose();
    }

    private PooledBody Write(TelemetryItemKind kind, Signal signal, byte[] bytes)
    {
        var body = PooledBody.Allocate(bytes.Length);
        bytes.CopyTo(body.Span);
        _channel.TryWrite(new(kind, signal, body, 0, bytes.Length, 1_754_913_600_000_000_000, 1_754_913_600_000_000_000));
        return body;
    }
}
