using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// Puts dead letters together from lines in any order, interleaved, repeated. A payload comes out once, with its last missing part; what stays behind at
/// the end is incomplete. Parts are told apart by id and checksum of the whole.
/// </summary>
internal sealed class DeadLetterAssembler
{
    private readonly Dictionary<(string Id, string Sum, int Count), DeadLetterPart?[]> _open = [];
    private readonly HashSet<(string Id, string Sum, int Count)> _done = [];
    private readonly HashSet<string> _whole = [];
    private readonly List<DeadLetterProblem> _problems = [];

    /// <summary>What is wrong with parts or payloads. A damaged part of a payload that became whole all the same is no problem: there was a good copy.</summary>
    public IReadOnlyList<string> Problems => [.. _problems.Where(problem => !_whole.Contains(problem.Id)).Select(static problem => problem.Text)];

    /// <summary>Parts that had come before; logs may deliver a line twice.</summary>
    public int Duplicates { get; private set; }

    /// <summary>The payloads that this line completes.</summary>
    public IEnumerable<OtlpPayload> Add(string line)
    {
        foreach (var (part, problem) in DeadLetterPart.Find(line))
        {
            if (part is null)
                _problems.Add(problem);
            else if (Add(part) is { } payload)
                yield return payload;
        }
    }

    /// <summary>What never became whole, e.g. "… (logs, 12 records) lacks part 2 of 3".</summary>
    public IEnumerable<string> Incomplete() => _open.Values.Select(static parts =>
    {
        var known = parts.First(part => part is not null)!;
        var missing = Enumerable.Range(1, parts.Length).Where(number => parts[number - 1] is null);
        return $"{known.Id} ({known.Signal.ToString().ToLowerInvariant()}, {known.Records} records) lacks part {string.Join(", ", missing)} of {parts.Length}";
    });

    private OtlpPayload? Add(DeadLetterPart part)
    {
        var key = (part.Id, part.Sum, part.Count);
        if (_done.Contains(key))
        {
            Duplicates++;
            return null;
        }

        if (!_open.TryGetValue(key, out var parts))
        {
            // A damaged count cannot get here (the checksum covers it), a made-up one must not cost memory.
            if (part.Count > 10_000)
            {
                _problems.Add(new(part.Id, $"{part.Id} claims {part.Count} parts"));
                return null;
            }

            _open[key] = parts = new DeadLetterPart?[part.Count];
        }

        if (parts[part.Number - 1] is not null)
            Duplicates++;
        parts[part.Number - 1] = part;
        return parts.Contains(null) ? null : Complete(key, parts!);
    }

    private OtlpPayload? Complete((string Id, string Sum, int Count) key, DeadLetterPart[] parts)
    {
        _open.Remove(key);
        _done.Add(key);
        if (DeadLetter.Restore(parts, out var problem) is not { } payload)
        {
            _problems.Add(new("", problem));
            return null;
        }

        _whole.Add(payload.BatchId);
        return payload;
    }
}
