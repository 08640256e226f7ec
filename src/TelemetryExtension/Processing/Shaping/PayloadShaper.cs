using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Redaction;
using TelemetryExtension.Processing.Sampling;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>
/// Samples, filters and edits every payload on its way to the outbox, as the settings say: the extension's own and those of the function's SDK. A payload
/// waits here while sampling depends on the outcome of a running invocation. One caller at a time.
/// </summary>
/// <param name="next">Takes the remaining records of each payload.</param>
/// <param name="maxHeldBytes">Above it the shaper passes on the oldest payloads as if their traces were kept, so that sampling never costs data.</param>
internal sealed class PayloadShaper(
    RequestShaper requests, TraceSampler? sampler, Action<OtlpPayload> next, Ledger ledger, int maxHeldBytes) : IDisposable
{
    private readonly Queue<Held> _held = [];
    private int _heldBytes;

    /// <summary>Null when the settings change nothing. Then payloads go directly to the outbox.</summary>
    public static PayloadShaper? For(ShapingOptions options, InvocationTracker tracker, Action<OtlpPayload> next, Ledger ledger, int maxHeldBytes)
    {
        var requests = new RequestShaper(Filters(options), Editor(options));
        var sampler = options.Sampling.Enabled ? new TraceSampler(options.Sampling, tracker) : null;
        return sampler is null && requests.ChangesNothing ? null : new(requests, sampler, next, ledger, maxHeldBytes);
    }

    private static List<IRecordFilter> Filters(ShapingOptions options)
    {
        var filters = new List<IRecordFilter>(2);
        if (options.Logs.Enabled)
            filters.Add(new LogFilter(options.Logs));
        if (!options.MetricsAllowed.IsEmpty || !options.MetricsDenied.IsEmpty)
            filters.Add(new MetricFilter(options.MetricsAllowed, options.MetricsDenied));
        return filters;
    }

    private static MessageEditor? Editor(ShapingOptions options)
    {
        var attributes = options.Attributes.Actions.Count > 0 ? new AttributeRules(options.Attributes.Actions) : null;
        var redactor = options.Redaction.Enabled ? new Redactor(options.Redaction) : null;
        return attributes is null && redactor is null ? null : new(attributes, redactor);
    }

    /// <summary>Takes a payload of the function's SDK, or the extension's log records.</summary>
    public void Add(OtlpPayload payload)
    {
        if (sampler is null || payload.Signal is Signal.Metrics || (payload.Signal is Signal.Logs && !sampler.Logs))
        {
            AddDecided(payload);
            return;
        }

        var traces = new TraceFilter(sampler, sampler.Beside);
        var held = new Held(payload, traces);
        if (MustWait(held) is not { } wait)
        {
            AddDecided(payload);
            return;
        }

        if (!wait)
        {
            Pass(payload, traces);
            return;
        }

        _held.Enqueue(held);
        _heldBytes += payload.Body.Length;
        while (_heldBytes > maxHeldBytes)
            PassOldest();
    }

    /// <summary>Takes a payload that needs no sampling decision: its traces are kept, or it has none.</summary>
    public void AddDecided(OtlpPayload payload)
    {
        if (requests.ChangesNothing)
            next(payload);
        else
            Pass(payload, null);
    }

    /// <summary>
    /// Removes the spans with a sampling decision from the list, and returns those to send. Undecided spans stay in the list, except at the end.
    /// </summary>
    public List<SpanData> TakeSpans(List<SpanData> spans, bool last)
    {
        sampler?.Learn(spans);
        var (kept, waiting, dropped) = (new List<SpanData>(), new List<SpanData>(), 0);
        foreach (var span in spans)
        {
            var decision = sampler?.Decide(TraceSampler.Of(span.TraceId), span.Sampled) ?? SamplingDecision.Keep;
            if (decision is SamplingDecision.Drop)
                dropped++;
            else
                (last || decision is SamplingDecision.Keep ? kept : waiting).Add(span);
        }

        spans.Clear();
        spans.AddRange(waiting);
        ledger.Received(LedgerAccount.Traces, dropped);
        ledger.Sampled(LedgerAccount.Traces, dropped);
        return kept;
    }

    /// <summary>Passes on the waiting payloads that have a decision now, and at the end all of them.</summary>
    public void Settle(bool last)
    {
        for (var left = _held.Count; left > 0; left--)
        {
            var held = _held.Peek();
            var wait = last ? false : MustWait(held);
            if (wait is true)
                _held.Enqueue(_held.Dequeue());
            else if (wait is false)
                PassOldest();
            else
                AddDecided(DequeueOldest().Payload);
        }
    }

    public void Dispose() => requests.Dispose();

    /// <summary>Null when a bug prevents the question. The caller then passes the payload on as if its traces were kept, or it would stay here for good.</summary>
    private static bool? MustWait(Held held)
    {
        try
        {
            return held.Traces.MustWait(held.Payload.Signal, held.Payload.Body.Span);
        }
        catch (Exception e)
        {
            Log.WarnOnce("sampling", $"a request could not be sampled: {Reason.OfBug(e)}");
            return null;
        }
    }

    private void PassOldest()
    {
        var held = DequeueOldest();
        Pass(held.Payload, held.Traces);
    }

    private Held DequeueOldest()
    {
        var held = _held.Dequeue();
        _heldBytes -= held.Payload.Body.Length;
        return held;
    }

    /// <summary>Catches everything, so that a bug costs only one payload. That payload is dropped, because it may still contain secrets.</summary>
    private void Pass(OtlpPayload payload, TraceFilter? traces)
    {
        var account = (LedgerAccount)payload.Signal;
        ShapedRequest shaped;
        try
        {
            shaped = requests.Shape(payload.Signal, payload.Body.Span, traces);
        }
        catch (Exception e)
        {
            Log.WarnOnce("shaping", $"a request could not be filtered or redacted: {Reason.OfBug(e)}");
            ledger.Dropped(account, e is OutOfMemoryException ? DropReason.BufferBytes : DropReason.Malformed, payload.Records);
            return;
        }

        // A record made of joined lines counts as many, so a payload may count more records than its bytes contain. The surplus counts with the records
        // that stay, or, when none stays, as filtered, or else as sampled.
        var (sampled, filtered) = (shaped.Sampled, shaped.Filtered);
        var rest = payload.Records - sampled - filtered;
        if (shaped.Body is null)
            (sampled, filtered) = filtered > 0 ? (sampled, filtered + rest) : (sampled + rest, filtered);
        ledger.Sampled(account, sampled);
        ledger.Filtered(account, filtered);
        ledger.Redacted(account, shaped.Redacted);
        if (shaped.Body is { } body)
            next(payload with { Body = body, Records = rest });
    }

    private sealed record Held(OtlpPayload Payload, TraceFilter Traces);
}
