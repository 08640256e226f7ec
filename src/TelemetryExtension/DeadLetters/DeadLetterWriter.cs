using Amazon.CloudWatchLogs;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters;

/// <summary>
/// Writes payloads to the first sink that takes them; the next ones are offered to all again, except those that said they are of no use. Bounded in
/// bytes over its whole life, and in time by the caller. What it did not write (too big, out of time, no sink) is the caller's to count.
/// </summary>
internal sealed class DeadLetterWriter(IReadOnlyList<IDeadLetterSink> sinks, int maxBytes) : IDeadLetters
{
    // One call of PutLogEvents takes 1 MiB; compressing more ahead would be lost work when the time runs out.
    private const int GroupBytes = 900_000;

    // No letter is shorter than its head.
    private const int LeastBytes = 200;

    /// <summary>So many letters in a row that did not fit what is left: the next ones are not compressed for nothing, at the end least of all.</summary>
    private const int MostInVain = 8;

    private readonly List<IDeadLetterSink> _sinks = [.. sinks];
    private long _bytes;
    private int _inVain;

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

    public bool HasRoom => _bytes + LeastBytes <= maxBytes && _inVain < MostInVain && _sinks.Count > 0;

    public async ValueTask<bool[]> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken)
    {
        var written = new bool[payloads.Count];
        for (var next = 0; next < payloads.Count && !cancellationToken.IsCancellationRequested;)
        {
            var (group, places) = NextGroup(payloads, ref next, cancellationToken);
            if (group.Count == 0)
                continue;
            if (!await TryWriteAsync(group, cancellationToken).ConfigureAwait(false))
                break;
            _bytes += group.Sum(letter => (long)letter.Bytes);
            foreach (var place in places)
                written[place] = true;
        }

        return written;
    }

    private async ValueTask<bool> TryWriteAsync(List<DeadLetter> group, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _sinks.Count && !cancellationToken.IsCancellationRequested;)
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

    /// <summary>The next letters up to the size of a call, and their places; one that does not fit what is left makes way for those behind it.</summary>
    private (List<DeadLetter> Letters, List<int> Places) NextGroup(IReadOnlyList<OtlpPayload> payloads, ref int next, CancellationToken cancellationToken)
    {
        var (letters, places) = (new List<DeadLetter>(), new List<int>());
        for (long bytes = 0; next < payloads.Count && bytes < GroupBytes && !cancellationToken.IsCancellationRequested; next++)
        {
            // Nothing is compressed for nothing.
            if (_bytes + bytes + LeastBytes > maxBytes || _inVain >= MostInVain)
                continue;
            var letter = DeadLetter.Of(payloads[next]);
            if (_bytes + bytes + letter.Bytes > maxBytes)
            {
                _inVain++;
                continue;
            }

            _inVain = 0;
            letters.Add(letter);
            places.Add(next);
            bytes += letter.Bytes;
        }

        return (letters, places);
    }
}
