using Amazon.CloudWatchLogs;
using Amazon.CloudWatchLogs.Model;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>
/// Writes batches to one log stream. Creates the group and the stream when they are missing, also when they disappear later. The first write creates the
/// client. Failures are values; only the caller's own cancellation is thrown.
/// </summary>
internal sealed class LogStreamWriter(Lazy<AmazonCloudWatchLogsClient> client, LogTarget target, Func<LogNameValues> names, TimeProvider time)
{
    /// <summary>A group that this writer created and that has no retention yet.</summary>
    private string? _withoutRetention;

    /// <summary>Sends one batch (see <see cref="LogEventBatches"/>). The result contains how many records the service did not store.</summary>
    public async ValueTask<DeliveryResult> PutAsync(LogEvent[] batch, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (group, stream) = (LogNames.Group(target.Group, names(), now), LogNames.Stream(target.Stream, names(), now));
        var request = new PutLogEventsRequest { LogGroupName = group, LogStreamName = stream, LogEvents = [.. batch.Select(ToInput)] };
        try
        {
            PutLogEventsResponse response;
            try
            {
                response = await Bounded(client.Value.PutLogEventsAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (ResourceNotFoundException) when (target.Create)
            {
                await CreateAsync(group, stream, cancellationToken).ConfigureAwait(false);
                response = await Bounded(client.Value.PutLogEventsAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            if (_withoutRetention == group)
                await SetRetentionAsync(group, cancellationToken).ConfigureAwait(false);
            return Delivered(batch, response.RejectedLogEventsInfo);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return CloudWatchFailure.Of(exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new OperationCanceledException("cancelled while calling CloudWatch Logs", exception, cancellationToken);
        }
    }

    /// <summary>The records of a batch that the service dropped although the call succeeded: too new, too old, or past the group's retention.</summary>
    public static int Rejected(LogEvent[] batch, RejectedLogEventsInfo? info)
    {
        if (info is null)
            return 0;
        var first = Math.Clamp(Math.Max(info.TooOldLogEventEndIndex ?? 0, info.ExpiredLogEventEndIndex ?? 0), 0, batch.Length);
        var end = Math.Clamp(info.TooNewLogEventStartIndex ?? batch.Length, first, batch.Length);
        return batch[..first].Sum(logEvent => logEvent.Records) + batch[end..].Sum(logEvent => logEvent.Records);
    }

    private static DeliveryResult Delivered(LogEvent[] batch, RejectedLogEventsInfo? info)
    {
        var rejected = Rejected(batch, info);
        return new(DeliveryStatus.Delivered, rejected, rejected > 0 ? "older or newer than CloudWatch Logs stores" : null);
    }

    private static InputLogEvent ToInput(LogEvent logEvent) =>
        new() { Timestamp = DateTime.UnixEpoch.AddMilliseconds(Math.Max(0, logEvent.TimeUnixMs)), Message = logEvent.Message };

    /// <summary>Limits a call by the token, because the SDK fetches credentials without its own cancellation.</summary>
    private static Task<T> Bounded<T>(Task<T> call, CancellationToken cancellationToken) => call.WaitAsync(cancellationToken);

    private Task CreateAsync(string group, string stream, CancellationToken cancellationToken) => LogStreams.CreateAsync(client.Value, group, stream, cancellationToken, async () =>
    {
        if (target.RetentionDays is null)
            return;
        _withoutRetention = group;
        await SetRetentionAsync(group, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    });

    /// <summary>Sets the retention of a new group. Does not throw, because the events matter more. A failed attempt is repeated after the next write.</summary>
    private async Task SetRetentionAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            var request = new PutRetentionPolicyRequest { LogGroupName = group, RetentionInDays = target.RetentionDays };
            await Bounded(client.Value.PutRetentionPolicyAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            _withoutRetention = null;
        }
        catch (AmazonCloudWatchLogsException exception) when (exception.ErrorCode is "ThrottlingException" or "OperationAbortedException" or "ServiceUnavailableException")
        {
            // Retry after the next write.
        }
        catch (AmazonCloudWatchLogsException exception)
        {
            _withoutRetention = null;
            Log.WarnOnce("cloudwatch-retention", $"the retention of log group {group} could not be set: {Reason.Of(exception)}");
        }
        catch (Exception)
        {
            // The network failed or the time was over. Retry after the next write.
        }
    }
}
