using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Processing;

/// <summary>
/// Empties the channel into the outbox: <see cref="ItemReader"/> reads each item, then <see cref="PayloadEncoder"/> encodes what came of them. A lock
/// admits one caller at a time, a few times per invocation, so nothing behind the channel needs its own lock.
/// </summary>
internal sealed class TelemetryCollector : IDisposable
{
    /// <summary>From the tenth spin on SpinWait yields the CPU, later for a millisecond each.</summary>
    private const int LastSpins = 60;

    private readonly Lock _gate = new();
    private readonly TelemetryChannel _channel;
    private readonly InvocationTracker _tracker;
    private readonly MetricCollector? _metrics;
    private readonly TimeProvider _time;
    private readonly PayloadEncoder _encoder;
    private readonly ItemReader _reader;

    public TelemetryCollector(
        TelemetryChannel channel, InvocationTracker tracker, EnvironmentResource resource, LogEncoder logs, MetricCollector? metrics,
        PayloadOutbox outbox, Ledger ledger, TimeProvider time, TelemetryOptions options, PayloadShaper? shaper = null, Action<int>? onRestores = null)
    {
        (_channel, _tracker, _metrics, _time) = (channel, tracker, metrics, time);
        _encoder = new(tracker, resource, logs, metrics, outbox, ledger, time, options, shaper);
        _reader = new(tracker, logs, _encoder, ledger, options, onRestores);
    }

    public bool IsOverThreshold => _channel.IsOverThreshold;

    /// <summary>The age of the oldest item in the channel. Zero when it is empty.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            lock (_gate)
                return _channel.TryPeekOldest(out var received) ? TimeSpan.FromMicroseconds(Math.Max(0, UnixTime.Now(_time) - received) / 1000) : TimeSpan.Zero;
        }
    }

    public void OnInvoke(ExtensionEvent.Invoke invoke)
    {
        lock (_gate)
        {
            _tracker.OnInvoke(invoke.RequestId, invoke.InvokedFunctionArn, invoke.TraceHeader, UnixTime.Now(_time));
            _metrics?.InvocationStarted();
        }
    }

    /// <summary>The platform's last measurement of this extension, from runtimeDone to Next. Returned once.</summary>
    public TimeSpan? TakeReportedOverhead()
    {
        lock (_gate)
            return _encoder.TakeReportedOverhead();
    }

    /// <summary>Makes a span of a flush, which leaves with the next spans of the function.</summary>
    public void OnFlushed(FlushFacts facts)
    {
        lock (_gate)
            _encoder.AddFlush(facts);
    }

    /// <summary>Takes everything that is in the channel now. Items that arrive meanwhile wait for the next call.</summary>
    public void Collect()
    {
        lock (_gate)
        {
            Drain();
            _encoder.Encode(last: false);
        }
    }

    /// <summary>
    /// Whether to <see cref="Collect"/> before more is accepted: encoding is cheaper than losing data, and the platform, which sends one batch at a
    /// time, waits meanwhile.
    /// </summary>
    public bool IsHalfUsed => _channel.IsHalfUsed;

    /// <summary>The last collection: nothing is accepted any more, and running invocations are closed as failed.</summary>
    /// <param name="hasTelemetry">Without telemetry the ends of invocations are unknown, and none is closed.</param>
    public void Close(string reason, bool hasTelemetry)
    {
        lock (_gate)
        {
            _channel.TryComplete();
            DrainToTheEnd();
            if (hasTelemetry)
                _tracker.OnShutdown(reason, UnixTime.Now(_time));
            _encoder.Encode(last: true);
        }
    }

    public void Dispose() => _encoder.Dispose();

    private void Drain()
    {
        var left = _channel.Count;
        LookAhead(left);
        for (; left > 0 && _channel.TryRead(out var item); left--)
            _reader.TakeOrDrop(in item);
    }

    /// <summary>
    /// The function's own span decides the trace of its invocation, and arrives after most of its log lines. So it is looked for before anything is
    /// encoded. A boundary: a bug in here costs only the common trace.
    /// </summary>
    private void LookAhead(int count)
    {
        try
        {
            var traces = _channel.Traces;
            for (var i = 0; traces > 0 && i < count && _channel.TryPeek(i, out var item); i++)
            {
                if (item is not { Kind: TelemetryItemKind.OtlpRequest, Signal: Signal.Traces })
                    continue;
                traces--;
                FunctionSpanReader.Read(item.Bytes)?.ForEach(_tracker.OnFunctionSpan);
            }
        }
        catch (Exception e)
        {
            Log.WarnOnce("function-span", $"the function's spans could not be read: {Reason.OfBug(e)}");
        }
    }

    /// <summary>Also takes the item of a writer that was in the middle of a write when the channel closed, and waits briefly for it.</summary>
    private void DrainToTheEnd()
    {
        Drain();
        var spin = new SpinWait();
        for (var tries = 0; _channel.Count > 0 && tries < LastSpins; tries++)
        {
            spin.SpinOnce();
            Drain();
        }
    }
}
