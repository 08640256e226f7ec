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
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Processing;

/// <summary>
/// The middle of the way of the data: empties the channel and turns what was in it into encoded payloads in the outbox. Everything is decoded
/// here and nowhere else. A lock lets in one caller at a time, a few times per invocation: nothing behind the channel needs one of its own.
/// </summary>
internal sealed class TelemetryCollector(
    TelemetryChannel channel, InvocationTracker tracker, EnvironmentResource resource, LogEncoder logs, MetricCollector? metrics,
    PayloadOutbox outbox, Ledger ledger, TimeProvider time, TelemetryOptions options) : IDisposable
{
    /// <summary>Spans are few; this bounds one payload after a long time without flush.</summary>
    private const int SpansPerPayload = 128;

    /// <summary>From the tenth on SpinWait gives the CPU away, later for a millisecond each.</summary>
    private const int LastSpins = 60;

    private readonly Lock _gate = new();
    private SpanExport? _spans;
    private TimeSpan? _reportedOverhead;
    private int _resourceVersion = -1;

    public bool IsOverThreshold => channel.IsOverThreshold;

    /// <summary>Age of the oldest item in the channel; zero when there is none.</summary>
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

    /// <summary>What the platform last measured of us, from runtimeDone to Next; once.</summary>
    public TimeSpan? TakeReportedOverhead()
    {
        lock (_gate)
        {
            var overhead = _reportedOverhead;
            _reportedOverhead = null;
            return overhead;
        }
    }

    /// <summary>Takes everything that is in the channel now; what comes meanwhile waits for the next time.</summary>
    public void Collect()
    {
        lock (_gate)
        {
            Drain();
            Encode(last: false);
        }
    }

    /// <summary>
    /// Called before more is let in: when the channel is half full, it is emptied on the caller's thread. Encoding is cheaper than losing, and the
    /// platform, which sends one batch at a time, waits meanwhile.
    /// </summary>
    public void MakeRoom()
    {
        if (channel.IsHalfUsed)
            Collect();
    }

    /// <summary>The last time: nothing is let in any more, and what still runs is closed as failed.</summary>
    /// <param name="hasTelemetry">Without it nobody knows how invocations ended, and none is closed.</param>
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

    public void Dispose() => _spans?.Dispose();

    private void Drain()
    {
        for (var left = channel.Count; left > 0 && channel.TryRead(out var item); left--)
            TakeOrDrop(in item);
    }

    /// <summary>Also what a writer was just about to put in when the channel closed: it has its place, and is waited for a moment.</summary>
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

    /// <summary>A boundary: a bug of ours in here must cost one item, and that is counted.</summary>
    private void TakeOrDrop(in TelemetryItem item)
    {
        try
        {
            Take(in item);
        }
        catch (Exception e)
        {
            Log.WarnOnce("item", $"a record could not be read: {Reason.OfBug(e)}");
            // Memory that cannot be had is no fault of the record.
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
        EncodeSpans();
        logs.Flush();
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
        outbox.Add(payload);
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
                outbox.Add(new(item.Signal, resource.Enrichment?.TryEnrich(item.Bytes) ?? item.ToOwned(), item.Records, time.GetUtcNow()));
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

        var known = tracker.Apply(platformEvent);
        if (options.PlatformLogs || platformEvent is PlatformEvent.LogsDropped)
            TakeAsLog(in item);
        // Last, so that whatever fails before is counted once.
        if (known)
            ledger.Exported(LedgerAccount.Events);
        else
            ledger.Dropped(LedgerAccount.Events, DropReason.UnknownType);
    }

    /// <summary>What Lambda dropped is always worth a line; the other platform events become lines when asked for.</summary>
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

    private void EncodeSpans()
    {
        if (tracker.Spans.Count == 0)
            return;
        // Taken before anything can go wrong with them: what cannot be encoded now must not come back with every flush.
        var spans = tracker.Spans.ToList();
        tracker.Spans.Clear();
        ledger.Received(LedgerAccount.Traces, spans.Count);
        if (options.FollowSampling)
            ledger.Dropped(LedgerAccount.Traces, DropReason.Unsampled, spans.RemoveAll(span => span.Sampled == false));
        UseResource();
        for (var from = 0; from < spans.Count; from += SpansPerPayload)
        {
            var part = spans.GetRange(from, Math.Min(SpansPerPayload, spans.Count - from));
            if (TryEncode(part) is { } payload)
                outbox.Add(payload);
            else
                ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, part.Count);
        }
    }

    /// <summary>Null when the official exporter does not take them: it is not ours, and what it throws must cost these spans and no more.</summary>
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

    /// <summary>The resource is known in full only when initStart was read, and changes after a SnapStart restore.</summary>
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
