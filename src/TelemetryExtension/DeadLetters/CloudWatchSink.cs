using TelemetryExtension.CloudWatch;
using TelemetryExtension.Export;

namespace TelemetryExtension.DeadLetters;

/// <summary>A log stream, with all letters of a call in as few PutLogEvents as their size allows; each bounded by its own time limit.</summary>
internal sealed class CloudWatchSink(LogStreamWriter writer, TimeSpan timeout, TimeProvider time) : IDeadLetterSink
{
    public async ValueTask<bool> TryWriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var events = letters.SelectMany(letter => letter.Lines).Select(line => new LogEvent(now, line)).ToArray();
        foreach (var batch in LogEventBatches.Of(events))
        {
            using var limit = new CancellationTokenSource(timeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                var result = await writer.PutAsync(batch, both.Token).ConfigureAwait(false);
                if (result is { Status: DeliveryStatus.Delivered, RejectedRecords: 0 })
                    continue;
                Log.WarnOnce("dead-letters", "dead letters cannot be put to CloudWatch Logs: " + result.Message);
            }
            catch (OperationCanceledException)
            {
                Log.WarnOnce("dead-letters", "dead letters cannot be put to CloudWatch Logs: no answer in time");
            }

            return false;
        }

        return true;
    }
}
