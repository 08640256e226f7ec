using System.Diagnostics;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Processing;

/// <summary>Passes payloads to a sink that may fail, and compares the ledger.</summary>
public sealed class PayloadEncoderTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly InvocationTracker _tracker = new("orders");
    private readonly DeliveryTestBench _bench;
    private readonly PayloadShaper _shaper;
    private readonly LogEncoder _logs;
    private readonly PayloadEncoder _encoder;
    private int _taken;
    private int _room;

    public PayloadEncoderTests()
    {
        _bench = new([], new(), null, _time);
        var settings = new Env { ["TELEMETRY_EXTENSION_LOGS_MIN_SEVERITY"] = "warn" };
        _shaper = PayloadShaper.For(ShapingOptions.From(settings.Read()), _tracker, Take, _bench.Ledger, 1000)!;
        _logs = new(_shaper.Add, _time);
        _encoder = new(
            _tracker, new EnvironmentResource(new(), new LambdaFacts("1", "orders", "7"), enrich: false), _logs, new(new(true, MetricTemporality.Delta, new(1, 1)), _bench.Ledger, _time),
            _bench.Outbox, _bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false), _shaper);
    }

    [Fact]
    public void Encode_SpansThatCannotBePassedOn_AreDropped()
    {
        _room = 1;
        for (var i = 0; i < 200; i++)
            _tracker.Spans.Add(new("x", ActivityKind.Internal, ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), null, 1, 2, null, []));

        Assert.Throws<InvalidOperationException>(() => _encoder.Encode(last: false));

        var line = _bench.Ledger[LedgerAccount.Traces];
        Assert.Equal((200, 72, _taken), (line.Received, line.Dropped[(int)DropReason.Malformed], (int)line.Buffered));
    }

    [Fact]
    public void Encode_MetricsThatCannotBePassedOn_AreDropped()
    {
        _bench.Ledger.Received(LedgerAccount.Logs);

        Assert.Throws<InvalidOperationException>(() => _encoder.Encode(last: true));

        var line = _bench.Ledger[LedgerAccount.Metrics];
        Assert.True(line.Received > 0);
        Assert.Equal((line.Received, 0), (line.Dropped[(int)DropReason.Malformed], line.Buffered));
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _shaper.Dispose();
        _logs.Dispose();
        _bench.Dispose();
    }

    private void Take(OtlpPayload payload)
    {
        if (_room-- <= 0)
            throw new InvalidOperationException("a bug");
        _taken += payload.Records;
    }
}
