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
/// Empties the channel and turns its content into encoded payloads in the outbox. All decoding happens here. A lock admits one caller at a time, a
/// few times per invocation, so nothing behind the channel needs its own lock.
/// </summary>
internal sealed class TelemetryCollector(
    TelemetryChannel channel, InvocationTracker tracker, EnvironmentResource resource, LogEncoder logs, MetricCollector? metrics,
    PayloadOutbox outbox, Ledger ledger, TimeProvider time, TelemetryOptions options, PayloadShaper? shaper = null, Action<int>? onRestores = null) : IDisposable
{
    /// <summary>Spans are few. This limits a payload after a long time without a flush.</summary>
    private const int SpansPerPayload = 128;

    /// <summary>From the tenth spin on SpinWait yields the CPU, later for a millisecond each.</summary>
    private const int LastSpins = 60;

    private readonly Lock _gate = new();
    private readonly FlushSpans _flushes = new(ledger);
    private SpanExport? _spans;
    private TimeSpan? _reportedOverhead;
    private int _resourceVersion = -1;

    public bool IsOverThreshold => channel.IsOverThreshold;

    /// <summary>The age of the oldest item in the channel. Zero when it is empty.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            lock (_gate)
                return channel.TryPeekOldest(out var received) ? TimeSpan.FromMicroseconds(Math.Max(0, UnixTime.Now(time) - received) / 1000) : TimeSpan.Zero;
        }
    }

    public void OnInvoke(ExtensionEvent.Invoke invoke)
    {
        lock (_gate)
        {
            tracker.OnInvoke(invoke.RequestId, invoke.InvokedFunctionArn, invoke.TraceHeader, UnixTime.Now(time));
            metrics?.InvocationStarted();
        }
    }

    /// <summary>The platform's last measurement of this extension, from runtimeDone to Next. Returned once.</summary>
    public TimeSpan? TakeReportedOverhead()
    {
        lock (_gate)
        {
            var overhead = _reportedOverhead;
            _reportedOverhead = null;
            return overhead;
        }
    }

    /// <summary>Makes a span of a flush, which leaves with the next spans of the function.</summary>
    public void OnFlushed(FlushFacts facts)
    {
        lock (_gate)
            _flushes.Add(facts, UnixTime.Now(time), tracker.Latest);
    }

    /// <summary>Takes everything that is in the channel now. Items that arrive meanwhile wait for the next call.</summary>
    public void Collect()
    {
        lock (_gate)
        {
            Drain();
            Encode(last: false);
        }
    }

    /// <summary>
    /// Whether to <see cref="Collect"/> before more is accepted: encoding is cheaper than losing data, and the platform, which sends one batch at a
    /// time, waits meanwhile.
    /// </summary>
    public bool IsHalfUsed => channel.IsHalfUsed;

    /// <summary>The last collection: nothing is accepted any more, and running invocations are closed as failed.</summary>
    /// <param name="hasTelemetry">Without telemetry the ends of invocations are unknown, and none is closed.</param>
    public void Close(string reason, bool hasTelemetry)
    {
        lock (_gate)
        {
            channel.TryComplete();
            DrainToTheEnd();
            if (hasTelemetry)
                tracker.OnShutdown(reason, UnixTime.Now(time));
            Encode(last: true);
        }
    }

    public void Dispose()
    {
        _spans?.Dispose();
        shaper?.Dispose();
    }

    private void Drain()
    {
        var left = channel.Count;
        LookAhead(left);
        for (; left > 0 && channel.TryRead(out var item); left--)
            TakeOrDrop(in item);
    }

    /// <summary>
    /// The function's own span decides the trace of its invocation, and arrives after most of its log lines. So it is looked for before anything is
    /// encoded. A boundary: a bug in here costs only the common trace.
    /// </summary>
    private void LookAhead(int count)
    {
        try
        {
            var traces = channel.Traces;
            for (var i = 0; traces > 0 && i < count && channel.TryPeek(i, out var item); i++)
            {
                if (item is not { Kind: TelemetryItemKind.OtlpRequest, Signal: Signal.Traces })
                    continue;
                traces--;
                FunctionSpanReader.Read(item.Bytes)?.ForEach(tracker.OnFunctionSpan);
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
        for (var tries = 0; channel.Count > 0 && tries < LastSpins; tries++)
        {
            spin.SpinOnce();
            Drain();
        }
    }

    /// <summary>A boundary: a bug in here must cost one item only, and the item is counted.</summary>
    private void TakeOrDrop(in TelemetryItem item)
    {
        try
        {
            Take(in item);
        }
        catch (Exception e)
        {
            Log.WarnOnce("item", $"a record could not be read: {Reason.OfBug(e)}");
            // A record is not malformed because memory ran out.
            var reason = e is OutOfMemoryException ? DropReason.BufferBytes : DropReason.Malformed;
            ledger.Dropped(TelemetryChannel.AccountOf(in item), reason, item.Records);
        }
        finally
        {
            item.Release();
        }
    }

    private void Encode(bool last)
    {
        EncodeSpans(last);
        EncodeNotes();
        logs.Flush();
        shaper?.Settle(last);
        foreach (var fact in tracker.Facts)
            if (fact is InvocationFact.Reported { ExtensionOverheadMs: { } overhead })
                _reportedOverhead = TimeSpan.FromMilliseconds(overhead);
        try
        {
            EncodeMetrics(last);
        }
        finally
        {
            tracker.Facts.Clear();
        }
    }

    private void EncodeMetrics(bool last)
    {
        UseResource();
        if (metrics?.Collect(tracker, resource.Encoded, last) is not { } payload)
            return;
        ledger.Received(LedgerAccount.Metrics, payload.Records);
        AddDecided(payload);
    }

    private void Take(in TelemetryItem item)
    {
        switch (item.Kind)
        {
            case TelemetryItemKind.PlatformEvent:
                TakeEvent(in item);
                break;
            case TelemetryItemKind.OtlpRequest:
                UseResource();
                Add(new(item.Signal, resource.Enrichment?.TryEnrich(item.Bytes) ?? item.ToOwned(), item.Records, time.GetUtcNow()));
                break;
            default:
                UseResource();
                if (!logs.Append(in item, tracker))
                    ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed);
                break;
        }
    }

    private void TakeEvent(in TelemetryItem item)
    {
        if (PlatformEventReader.Read(item.Memory, item.ReceivedUnixNano) is not { } platformEvent)
        {
            ledger.Dropped(LedgerAccount.Events, DropReason.Malformed);
            return;
        }

        if (platformEvent.UnreadableSpans > 0)
        {
            ledger.Received(LedgerAccount.Traces, platformEvent.UnreadableSpans);
            ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, platformEvent.UnreadableSpans);
        }

        if (platformEvent is PlatformEvent.RuntimeDone { Status: not "success" } or PlatformEvent.Report { Status: not "success" })
        {
            UseResource();
            logs.Complete();
        }

        var known = tracker.Apply(platformEvent);
        if (platformEvent is PlatformEvent.RestoreStart)
            onRestores?.Invoke(tracker.Restores);
        if (options.PlatformLogs || platformEvent is PlatformEvent.LogsDropped)
            TakeAsLog(in item);
        // Keep this last, so that a record that fails earlier is counted once.
        if (known)
            ledger.Exported(LedgerAccount.Events);
        else
            ledger.Dropped(LedgerAccount.Events, DropReason.UnknownType);
    }

    /// <summary>Records that Lambda dropped always give a log record. Other platform events give one only when the settings ask for it.</summary>
    private void TakeAsLog(in TelemetryItem item)
    {
        UseResource();
        var written = false;
        ledger.Received(LedgerAccount.Logs);
        try
        {
            written = logs.AppendPlatform(in item, tracker);
        }
        finally
        {
            if (!written)
                ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed);
        }
    }

    private void Add(OtlpPayload payload)
    {
        if (shaper is null)
            outbox.Add(payload);
        else
            shaper.Add(payload);
    }

    private void AddDecided(OtlpPayload payload)
    {
        if (shaper is null)
            outbox.Add(payload);
        else
            shaper.AddDecided(payload);
    }

    private void EncodeSpans(bool last)
    {
        if (tracker.Spans.Count == 0 && !(last && _flushes.Any))
            return;
        // Take the spans before anything can fail: spans that cannot be encoded must not return at every flush.
        var spans = TakeSpans(last);
        ledger.Received(LedgerAccount.Traces, spans.Count);
        if (options.FollowSampling)
            ledger.Dropped(LedgerAccount.Traces, DropReason.Unsampled, spans.RemoveAll(span => span.Sampled == false));
        if (spans.Count > 0 || last)
            _flushes.MoveTo(spans);
        UseResource();
        for (var from = 0; from < spans.Count; from += SpansPerPayload)
        {
            var part = spans.GetRange(from, Math.Min(SpansPerPayload, spans.Count - from));
            if (TryEncode(part) is { } payload)
                AddDecided(payload);
            else
                ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, part.Count);
        }
    }

    private List<SpanData> TakeSpans(bool last)
    {
        if (shaper is not null)
            return shaper.TakeSpans(tracker.Spans, last);
        var spans = tracker.Spans.ToList();
        tracker.Spans.Clear();
        return spans;
    }

    private void EncodeNotes()
    {
        if (tracker.Notes.Count == 0)
            return;
        var notes = tracker.Notes.ToList();
        tracker.Notes.Clear();
        UseResource();
        ledger.Received(LedgerAccount.Logs, notes.Count);
        var written = 0;
        try
        {
            for (; written < notes.Count; written++)
                logs.Append(notes[written]);
        }
        finally
        {
            ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed, notes.Count - written);
        }
    }

    /// <summary>Null when the official exporter fails. Its exceptions must cost only these spans.</summary>
    private OtlpPayload? TryEncode(List<SpanData> spans)
    {
        try
        {
            _spans ??= new SpanExport(resource.Attributes);
            return _spans.Encode(spans, time.GetUtcNow());
        }
        catch (Exception e)
        {
            Log.WarnOnce("spans", $"the OTLP exporter cannot encode spans: {Reason.OfBug(e)}");
            return null;
        }
    }

    /// <summary>The resource is complete only after initStart, and changes after a SnapStart restore.</summary>
    private void UseResource()
    {
        resource.Update(tracker);
        if (resource.Version == _resourceVersion)
            return;
        _resourceVersion = resource.Version;
        logs.SetResource(resource.Encoded);
        _spans?.Dispose();
        _spans = null;
    }
}
