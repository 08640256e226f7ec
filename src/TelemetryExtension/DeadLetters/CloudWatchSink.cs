using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;

namespace TelemetryExtension.DeadLetters;

/// <summary>
/// Writes to a log stream, with all letters of a call in as few PutLogEvents requests as their size allows. A failure (throttled, not permitted, not
/// reachable) affects only these letters. But a shutdown has time for one call without an answer. So all failed calls together may take no longer
/// than one, and after that the sink pauses.
/// </summary>
/// <param name="timeout">The timeout of a call, and the limit for all failed calls together.</param>
internal sealed class CloudWatchSink(LogStreamWriter writer, TimeSpan timeout, TimeProvider time) : IDeadLetterSink
{
    /// <summary>A pause that is longer than a shutdown.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private TimeSpan _lost;
    private long _failedAt;

    public async ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_failedAt) >= Rest)
            _lost = TimeSpan.Zero;
        if (_lost >= timeout)
            return SinkResult.Failed;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var events = letters.SelectMany(letter => letter.Lines).Select(line => new LogEvent(now, line)).ToArray();
        foreach (var batch in LogEventBatches.Of(events))
        {
            var started = time.GetTimestamp();
            using var limit = new AttemptTimeout(timeout - _lost, time, cancellationToken);
            try
            {
                var result = await writer.PutAsync(batch, limit.Token).ConfigureAwait(false);
                if (result is { Status: DeliveryStatus.Delivered, RejectedRecords: 0 })
                    continue;
                Failed(_lost + time.GetElapsedTime(started), result.Message);
                return result.Status == DeliveryStatus.Refused ? SinkResult.Unusable : SinkResult.Failed;
            }
            catch (OperationCanceledException)
            {
                Failed(timeout, "no answer in time");
                return SinkResult.Failed;
            }
        }

        return SinkResult.Written;
    }

    private void Failed(TimeSpan lost, string? reason)
    {
        (_lost, _failedAt) = (lost, time.GetTimestamp());
        Log.WarnOnce("dead-letters", "cannot write dead letters to CloudWatch Logs: " + reason);
    }
}
