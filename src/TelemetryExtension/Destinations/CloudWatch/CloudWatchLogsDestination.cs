using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// Writes log records, spans if wanted, and metrics as Embedded Metric Format into one log stream. When a payload needs several calls and one fails, the
/// next attempt continues at the failed call, so acknowledged events are not sent twice. Several payloads of logs and spans may be delivered at once, but
/// only one of metrics (see <see cref="DeliveryLane"/>).
/// </summary>
internal sealed class CloudWatchLogsDestination(CloudWatchOptions options, LogStreamWriter writer, Func<string, string?>? environment = null) : IDestination
{
    // The most payloads whose progress is remembered for a retry. Further ones start over.
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

            // One of several calls was refused. The payload counts as delivered, because a retry would send the other calls' events twice.
            if (result.Status == DeliveryStatus.Refused && batches.Count == 1)
                return result;
            rejected += result.Status == DeliveryStatus.Refused ? batches[done.Batches].Sum(logEvent => logEvent.Records) : result.RejectedRecords;
        }
    }

    private (List<LogEvent> Events, int Unusable) Read(OtlpPayload payload)
    {
        // Do not use the clock: a retried payload must be split into the same batches.
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
        var message = rejected > 0 ? "refused, or older or newer than CloudWatch Logs stores" : unusable > 0 ? "not readable, or without a value for CloudWatch" : null;
        return new(DeliveryStatus.Delivered, Math.Min(payload.Records, unusable + rejected), message);
    }

    private (int Batches, int Rejected) Resume(OtlpPayload payload)
    {
        lock (_unfinished)
            return _unfinished.Remove(payload.BatchId, out var done) ? done : default;
    }

    private void Remember(OtlpPayload payload, (int Batches, int Rejected) done)
    {
        // Metrics start over, because a newer payload may meanwhile have reported what a cumulative series adds.
        if (done.Batches == 0 || payload.Signal == Signal.Metrics)
            return;
        lock (_unfinished)
            if (_unfinished.Count < MaxUnfinished)
                _unfinished[payload.BatchId] = done;
    }
}
