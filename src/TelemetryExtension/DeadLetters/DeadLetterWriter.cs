using Amazon.CloudWatchLogs;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.DeadLetters;

/// <summary>
/// Writes payloads to the first sink that accepts them. Later payloads are offered to every sink that did not report that it is unusable. The bytes
/// are limited over the whole life, and the caller limits the time. The caller counts what was not written (too large, out of time, no sink).
/// </summary>
internal sealed class DeadLetterWriter(IReadOnlyList<IDeadLetterSink> sinks, int maxBytes) : IDeadLetters
{
    // One PutLogEvents request takes 1 MiB. Compressing more in advance is wasted when the time runs out.
    private const int GroupBytes = 900_000;

    // The head alone makes a letter this long.
    private const int MinLetterBytes = 200;

    /// <summary>After this many letters in a row that did not fit into the rest of the limit, the writer compresses no more.</summary>
    private const int MaxConsecutiveMisfits = 8;

    private readonly List<IDeadLetterSink> _sinks = [.. sinks];
    private long _bytes;
    private int _misfits;

    /// <summary>The sinks from the settings. The CloudWatch Logs client is created at the first write.</summary>
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

    public bool HasRoom => _bytes + MinLetterBytes <= maxBytes && _misfits < MaxConsecutiveMisfits && _sinks.Count > 0;

    public async ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken)
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

    /// <summary>
    /// The next letters up to the size of a call, with their indexes. A letter that does not fit is skipped in favour of later ones.
    /// </summary>
    private (List<DeadLetter> Letters, List<int> Places) NextGroup(IReadOnlyList<UndeliveredPayload> payloads, ref int next, CancellationToken cancellationToken)
    {
        var (letters, places) = (new List<DeadLetter>(), new List<int>());
        for (long bytes = 0; next < payloads.Count && bytes < GroupBytes && !cancellationToken.IsCancellationRequested; next++)
        {
            // Do not compress what cannot be written.
            if (_bytes + bytes + MinLetterBytes > maxBytes || _misfits >= MaxConsecutiveMisfits)
                continue;
            var letter = DeadLetter.Of(payloads[next].Payload, reason: payloads[next].Reason);
            if (_bytes + bytes + letter.Bytes > maxBytes)
            {
                _misfits++;
                continue;
            }

            _misfits = 0;
            letters.Add(letter);
            places.Add(next);
            bytes += letter.Bytes;
        }

        return (letters, places);
    }
}
