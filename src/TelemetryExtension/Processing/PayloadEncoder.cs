using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Processing;

/// <summary>Encodes what the tracker learned into payloads, and puts them into the outbox, through the shaper where there is one. One caller at a time.</summary>
internal sealed class PayloadEncoder(
    InvocationTracker tracker, EnvironmentResource resource, LogEncoder logs, MetricCollector? metrics, PayloadOutbox outbox, Ledger ledger,
    TimeProvider time, TelemetryOptions options, PayloadShaper? shaper) : IDisposable
{
    /// <summary>Spans are few. This limits a payload after a long time without a flush.</summary>
    private const int SpansPerPayload = 128;

    private readonly FlushSpans _flushes = new(ledger);
    private SpanExport? _spans;
    private TimeSpan? _reportedOverhead;
    private int _resourceVersion = -1;

    /// <summary>The platform's last measurement of this extension, from runtimeDone to Next. Returned once.</summary>
    public TimeSpan? TakeReportedOverhead()
    {
        var overhead = _reportedOverhead;
        _reportedOverhead = null;
        return overhead;
    }

    /// <summary>Makes a span of a flush, which leaves with the next spans of the function.</summary>
    public void AddFlush(FlushFacts facts) => _flushes.Add(facts, UnixTime.Now(time), tracker.Latest);

    /// <summary>Passes on an OTLP request of the function, with the attributes of the resource.</summary>
    public void AddRequest(in TelemetryItem item)
    {
        UseResource();
        Add(new(item.Signal, resource.Enrichment?.TryEnrich(item.Bytes) ?? item.ToOwned(), item.Records, time.GetUtcNow()));
    }

    /// <summary>The resource is complete only after initStart, and changes after a SnapStart restore.</summary>
    public void UseResource()
    {
        resource.Update(tracker);
        if (resource.Version == _resourceVersion)
            return;
        _resourceVersion = resource.Version;
        logs.SetResource(resource.Encoded);
        _spans?.Dispose();
        _spans = null;
    }

    public void Encode(bool last)
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

    public void Dispose()
    {
        _spans?.Dispose();
        shaper?.Dispose();
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
        var counted = 0;
        try
        {
            if (spans.Count > 0 || last)
                _flushes.MoveTo(spans);
            UseResource();
            while (counted < spans.Count)
            {
                var part = spans.GetRange(counted, Math.Min(SpansPerPayload, spans.Count - counted));
                if (TryEncode(part) is { } payload)
                    AddDecided(payload);
                else
                    ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, part.Count);
                counted += part.Count;
            }
        }
        finally
        {
            ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, spans.Count - counted);
        }
    }

    private void EncodeMetrics(bool last)
    {
        UseResource();
        if (metrics?.Collect(tracker, resource.Encoded, last) is not { } payload)
            return;
        ledger.Received(LedgerAccount.Metrics, payload.Records);
        var left = payload.Records;
        try
        {
            AddDecided(payload);
            left = 0;
        }
        finally
        {
            ledger.Dropped(LedgerAccount.Metrics, DropReason.Malformed, left);
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
}
