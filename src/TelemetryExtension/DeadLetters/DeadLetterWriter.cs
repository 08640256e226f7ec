using Amazon.CloudWatchLogs;
using TelemetryExtension.CloudWatch;
using TelemetryExtension.Export;

namespace TelemetryExtension.DeadLetters;

/// <summary>
/// Writes payloads to the first sink that takes them; the next ones are offered to all again, except those that said they are of no use. Bounded in
/// bytes over its whole life, and in time by the caller. What it did not write (too big, out of time, no sink) is the caller's to count.
/// </summary>
internal sealed class DeadLetterWriter(IReadOnlyList<IDeadLetterSink> sinks, int maxBytes) : IDeadLetters
{
    // One call of PutLogEvents takes 1 MiB; compressing more ahead would be lost work when the time runs out.
    private const int GroupBytes = 900_000;

    private readonly List<IDeadLetterSink> _sinks = [.. sinks];
    private long _bytes;

    /// <summary>The sinks that the settings ask for; the client is built when CloudWatch Logs is first written to.</summary>
    public static DeadLetterWriter For(
        DeadLetterOptions options, Lazy<AmazonCloudWatchLogsClient> client, Func<LogNameValues> names, TextWriter stdout, TimeProvider time)
    {
        var sinks = new List<IDeadLetterSink>(2);
        if (options.Output == DeadLetterOutput.CloudWatch)
            sinks.Add(new CloudWatchSink(new LogStreamWriter(client, options.Target, names, time), options.Timeout, time));
        if (options.Output != DeadLetterOutput.Off)
            sinks.Add(new StdoutSink(stdout));
        return new(sinks, options.MaxBytes);
    }

    public async ValueTask<int> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken)
    {
        var written = 0;
        while (written < payloads.Count && !cancellationToken.IsCancellationRequested)
        {
            var group = NextGroup(payloads, written, cancellationToken);
            if (group.Count == 0 || !await TryWriteAsync(group, cancellationToken).ConfigureAwait(false))
                break;
            written += group.Count;
            _bytes += group.Sum(letter => (long)letter.Bytes);
        }

        return written;
    }

    private async ValueTask<bool> TryWriteAsync(List<DeadLetter> group, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _sinks.Count && !cancellationToken.IsCancellationRequested; )
        {
            switch (await _sinks[i].WriteAsync(group, cancellationToken).ConfigureAwait(false))
            {
                case SinkResult.Written:
                    return true;
                case SinkResult.Failed:
                    i++;
                    break;
                default:
                    _sinks.RemoveAt(i);
                    break;
            }
        }

        return false;
    }

    /// <summary>The next letters up to the size of a call; none when not even one fits what is left.</summary>
    private List<DeadLetter> NextGroup(IReadOnlyList<OtlpPayload> payloads, int from, CancellationToken cancellationToken)
    {
        var group = new List<DeadLetter>();
        for (long bytes = 0; from < payloads.Count && bytes < GroupBytes && !cancellationToken.IsCancellationRequested; from++)
        {
            var letter = DeadLetter.Of(payloads[from]);
            if (_bytes + bytes + letter.Bytes > maxBytes)
                break;
            group.Add(letter);
            bytes += letter.Bytes;
        }

        return group;
    }
}
