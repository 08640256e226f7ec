using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// Log records (and spans, if wanted) as JSON events, metrics as Embedded Metric Format, in one log stream. A payload that needs several calls and fails
/// in the middle goes on where it failed when it comes again: nothing is put twice that the service has acknowledged. Logs and spans may be delivered
/// several at once; metrics one at a time, as <see cref="DeliveryLane"/> does.
/// </summary>
internal sealed class CloudWatchLogsDestination(CloudWatchOptions options, LogStreamWriter writer, Func<string, string?>? environment = null) : IDestination
{
    // Payloads waiting to be tried again whose first batches are already there; more than these at once start over.
    private const int MaxUnfinished = 16;

    private readonly EmfEncoder _metrics = new(options.Emf, environment);
    private readonly Dictionary<string, (int Batches, int Rejected)> _unfinished = [];

    public string Name => "cloudwatch";

    public bool Accepts(Signal signal) => signal switch
    {
        Signal.Logs => options.Logs,
        Signal.Traces => options.Spans,
        Signal.Metrics => options.Emf.Output == EmfOutput.Logs,
        _ => false,
    };

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var (events, unusable) = Read(payload);
        var batches = LogEventBatches.Of(events, options.MaxEventBytes);
        var done = Resume(payload);
        for (var rejected = done.Rejected; ; done = (done.Batches + 1, rejected))
        {
            if (done.Batches >= batches.Count)
                return Delivered(payload, unusable, rejected);
            DeliveryResult result;
            try
            {
                result = await writer.PutAsync(batches[done.Batches], cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Remember(payload, done);
                throw;
            }

            if (result.Status == DeliveryStatus.Retryable)
            {
                Remember(payload, done);
                return result;
            }

            // Refused in one of several calls: the others are saved, so that no later try would put them twice.
            if (result.Status == DeliveryStatus.Refused && batches.Count == 1)
                return result;
            rejected += result.Status == DeliveryStatus.Refused ? batches[done.Batches].Sum(logEvent => logEvent.Records) : result.RejectedRecords;
        }
    }

    private (List<LogEvent> Events, int Unusable) Read(OtlpPayload payload)
    {
        // Never the clock: a payload that comes again must be cut into the same batches.
        var made = payload.Created;
        if (payload.Signal == Signal.Metrics)
        {
            var result = _metrics.Encode(payload.Body.Span, made);
            return (result.Events, result.Unusable);
        }

        var events = payload.Signal == Signal.Logs
            ? LogRecordJson.Read(payload.Body.Span, options.Resource, options.MaxEventBytes, made)
            : SpanJson.Read(payload.Body.Span, options.Resource, made);
        return (events, Math.Max(0, payload.Records - events.Count));
    }

    private DeliveryResult Delivered(OtlpPayload payload, int unusable, int rejected)
    {
        if (payload.Signal == Signal.Metrics)
            _metrics.Commit();
        var message = rejected > 0 ? "refused, or older or newer than CloudWatch Logs stores" : unusable > 0 ? "not readable, or no value for CloudWatch" : null;
        return new(DeliveryStatus.Delivered, Math.Min(payload.Records, unusable + rejected), message);
    }

    private (int Batches, int Rejected) Resume(OtlpPayload payload)
    {
        lock (_unfinished)
            return _unfinished.Remove(payload.BatchId, out var done) ? done : default;
    }

    private void Remember(OtlpPayload payload, (int Batches, int Rejected) done)
    {
        // Metrics start over: what cumulative series add may meanwhile have been told by a newer payload.
        if (done.Batches == 0 || payload.Signal == Signal.Metrics)
            return;
        lock (_unfinished)
            if (_unfinished.Count < MaxUnfinished)
                _unfinished[payload.BatchId] = done;
    }
}
