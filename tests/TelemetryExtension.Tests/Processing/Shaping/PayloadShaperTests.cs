using System.Buffers;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Shaping;

public sealed class PayloadShaperTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const string TraceOfB = "5759e988bbbbbbbbbbbbbbbbbbbbbbbb";
    private static readonly string Unknown = new('1', 32);

    private readonly InvocationTracker _tracker = new("orders");
    private readonly Ledger _ledger = new();
    private readonly List<OtlpPayload> _sent = [];
    private readonly PayloadShaper _shaper;
    private long _now = 1_754_913_600 * Second;

    public PayloadShaperTests()
    {
        _shaper = Shaper(new Env { ["TELEMETRY_EXTENSION_TRACES_SAMPLER"] = "always_off", ["TELEMETRY_EXTENSION_SAMPLE_LOGS"] = "true" }, 1000)!;
        Begin("a");
        End("a");
        _shaper.TakeSpans(_tracker.Spans, last: false);
    }

    [Fact]
    public void For_NothingSet_IsNothing() => Assert.Null(Shaper([], 1000));

    [Theory]
    [InlineData("success", 0, 3)]
    [InlineData("error", 3, 0)]
    public void Add_RecordsOfARunningInvocation_WaitForItsOutcome(string status, int kept, int sampled)
    {
        Begin("b");
        _shaper.Add(Spans(TraceOfB, Unknown));
        _shaper.Add(Logs(TraceOfB));
        _shaper.Settle(last: false);
        Assert.Empty(_sent);
        Assert.Equal(3, Buffered());

        End("b", status);
        _shaper.TakeSpans(_tracker.Spans, last: false);
        _shaper.Settle(last: false);

        Assert.Equal(kept, _sent.Sum(payload => payload.Records));
        // One more is the extension's own span of this invocation. The first invocation was a cold start, so its spans are kept.
        Assert.Equal(sampled + (sampled > 0 ? 1 : 0), _ledger[LedgerAccount.Traces].Sampled + _ledger[LedgerAccount.Logs].Sampled);
        Assert.Equal(kept, Buffered());
    }

    [Fact]
    public void TakeSpans_OfARunningInvocation_StayUntilItsEnd()
    {
        Begin("b");
        _tracker.Spans.Add(_tracker.Spans.Count == 0 ? Span(TraceOfB) : _tracker.Spans[0]);

        Assert.Empty(_shaper.TakeSpans(_tracker.Spans, last: false));
        Assert.Single(_tracker.Spans);
        End("b", "error");
        Assert.Equal(2, _shaper.TakeSpans(_tracker.Spans, last: false).Count);
        Assert.Empty(_tracker.Spans);
    }

    [Fact]
    public void Settle_AtTheEnd_SendsWhatIsUndecided()
    {
        Begin("b");
        _shaper.Add(Logs(TraceOfB));
        _shaper.Settle(last: true);

        Assert.Equal(1, Assert.Single(_sent).Records);
    }

    /// <summary>Or the same payload would fail at every flush, and hold back those behind it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Settle_QuestionFails_PassesOnThatPayloadAlone(int failingRead)
    {
        Begin("b");
        var (broken, whole) = (Logs(TraceOfB), Logs(TraceOfB));
        using var failing = new FailsOnce(broken.Body.ToArray(), failingRead);
        _shaper.Add(broken with { Body = failing.Memory });
        _shaper.Add(whole);
        _shaper.Settle(last: false);
        Assert.Same(failing, Owner(Assert.Single(_sent)));
        Assert.Equal(2, Buffered());

        _shaper.Settle(last: true);
        Assert.Equal(2, _sent.Count);
        Assert.Null(Owner(_sent[1]));
    }

    [Fact]
    public void Add_MoreThanMayBeHeld_SendsTheOldestRatherThanLoseIt()
    {
        Begin("b");
        var one = Logs(TraceOfB);
        for (var i = 0; i < 50; i++)
            _shaper.Add(one);

        Assert.Equal(50 - (1000 / one.Body.Length), _sent.Count);
    }

    [Fact]
    public void Add_SomeRecordsOfOtherTraces_LeavesOutOnlyThose()
    {
        Begin("b");
        End("b", "error");
        Begin("c");
        End("c");
        _shaper.TakeSpans(_tracker.Spans, last: false);

        _shaper.Add(Spans(Unknown, TraceOfB));
        _shaper.Add(Logs(null));

        var span = Assert.Single(Assert.Single(ExportTraceServiceRequest.Parser.ParseFrom(_sent[0].Body.Span).ResourceSpans).ScopeSpans[0].Spans);
        Assert.Equal(TraceOfB, Convert.ToHexStringLower(span.TraceId.ToByteArray()));
        Assert.Equal((1, 1), (_sent[0].Records, _sent[1].Records));
        // The function's span of an unknown trace, and the extension's own span of trace c.
        Assert.Equal(2, _ledger[LedgerAccount.Traces].Sampled);
    }

    /// <summary>A record made of several lines counts as many, so a payload may count more records than its bytes contain.</summary>
    [Theory]
    [InlineData(null, 0)]
    [InlineData(TraceOfB, 5)]
    public void Add_PayloadThatCountsMoreThanItsRecords_IsCountedWhole(string? trace, int sampled)
    {
        Begin("b");
        End("b");
        _shaper.TakeSpans(_tracker.Spans, last: false);
        var own = _ledger[LedgerAccount.Traces].Sampled;
        _shaper.Add(Logs(trace) with { Records = 5 });

        Assert.Equal(1, own);
        Assert.Equal((sampled, 5 - sampled), (_ledger[LedgerAccount.Logs].Sampled, _sent.Sum(payload => payload.Records)));
    }

    public void Dispose() => _shaper.Dispose();

    private PayloadShaper? Shaper(Env settings, int maxHeldBytes) =>
        PayloadShaper.For(ShapingOptions.From(settings.Read()), _tracker, _sent.Add, _ledger, maxHeldBytes);

    private long Buffered() => _ledger[LedgerAccount.Traces].Buffered + _ledger[LedgerAccount.Logs].Buffered;

    private OtlpPayload Spans(params string[] traces)
    {
        var scope = new ScopeSpans();
        scope.Spans.AddRange(traces.Select(trace => new Span { TraceId = Bytes(trace), SpanId = Bytes("53995c3f42cd8ad8"), Name = "x" }));
        return Payload(Signal.Traces, new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { scope } } } }, traces.Length);
    }

    private OtlpPayload Logs(string? trace) => Payload(Signal.Logs, new ExportLogsServiceRequest
    {
        ResourceLogs =
        {
            new ResourceLogs
            {
                ScopeLogs =
                {
                    new ScopeLogs { LogRecords = { new LogRecord { TraceId = Bytes(trace ?? ""), Body = new AnyValue { StringValue = "hello" } } } },
                },
            },
        },
    }, 1);

    private OtlpPayload Payload(Signal signal, IMessage request, int records)
    {
        _ledger.Received((LedgerAccount)signal, records);
        return new(signal, request.ToByteArray(), records, default);
    }

    private static SpanData Span(string trace) => new(
        "init", System.Diagnostics.ActivityKind.Internal, System.Diagnostics.ActivityTraceId.CreateFromString(trace),
        System.Diagnostics.ActivitySpanId.CreateRandom(), null, 1, 2, null, []);

    private static FailsOnce? Owner(OtlpPayload payload) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetMemoryManager<byte, FailsOnce>(payload.Body, out var owner) ? owner : null;

    private static ByteString Bytes(string hex) => ByteString.CopyFrom(Convert.FromHexString(hex));

    private void Begin(string id)
    {
        var header = $"Root=1-5759e988-{new string(id[0], 24)};Parent=53995c3f42cd8ad{id[0]};Sampled=0";
        _tracker.OnInvoke(id, "", header, _now += Second);
        _tracker.Apply(Events.Start(id, _now, header));
    }

    private void End(string id, string status = "success") => _tracker.Apply(Events.RuntimeDone(id, _now += Second, 10, status));

    /// <summary>Memory that cannot be read the given time.</summary>
    private sealed class FailsOnce(byte[] bytes, int failingRead) : MemoryManager<byte>
    {
        private int _reads;

        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan() => ++_reads == failingRead ? throw new InvalidOperationException("a bug") : bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
