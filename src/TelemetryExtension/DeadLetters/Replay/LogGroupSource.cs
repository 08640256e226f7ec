using System.Runtime.CompilerServices;
using Amazon.CloudWatchLogs;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Reads lines directly from a log group, page by page (FilterLogEvents).</summary>
internal static class LogGroupSource
{
    public static async IAsyncEnumerable<string> Lines(AmazonCloudWatchLogsClient client, ReplayOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var page = await client.FilterLogEventsAsync(new()
            {
                LogGroupName = options.LogGroup,
                LogStreamNamePrefix = options.StreamPrefix,
                FilterPattern = $"\"{DeadLetterPart.Marker}\"",
                StartTime = options.Since?.ToUnixTimeMilliseconds(),
                EndTime = options.Until?.ToUnixTimeMilliseconds(),
                NextToken = token,
            }, cancellationToken).ConfigureAwait(false);
            foreach (var logEvent in page.Events ?? [])
                if (logEvent.Message is { } message)
                    yield return message;
            token = page.NextToken;
        }
        while (token is not null);
    }
}
