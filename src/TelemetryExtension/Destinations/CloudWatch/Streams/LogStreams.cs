using Amazon.CloudWatchLogs;
using Amazon.CloudWatchLogs.Model;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>Creates what a log event needs to be put somewhere.</summary>
internal static class LogStreams
{
    /// <summary>Creates the stream first, because the group usually exists and creating it needs one more permission. What exists is no error.</summary>
    /// <param name="groupCreated">Called after the group was created here.</param>
    public static async Task CreateAsync(
        AmazonCloudWatchLogsClient client, string group, string stream, CancellationToken cancellationToken, Func<Task>? groupCreated = null)
    {
        if (await TryCreateStreamAsync(client, group, stream, cancellationToken).ConfigureAwait(false))
            return;
        try
        {
            // Credentials are fetched without the SDK's own cancellation.
            await client.CreateLogGroupAsync(new() { LogGroupName = group }, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            await (groupCreated?.Invoke() ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ResourceAlreadyExistsException or OperationAbortedException)
        {
            // Another environment of the same function was faster.
        }

        await TryCreateStreamAsync(client, group, stream, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> TryCreateStreamAsync(AmazonCloudWatchLogsClient client, string group, string stream, CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateLogStreamAsync(new() { LogGroupName = group, LogStreamName = stream }, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ResourceAlreadyExistsException)
        {
            return true;
        }
        catch (ResourceNotFoundException)
        {
            return false;
        }
    }
}
