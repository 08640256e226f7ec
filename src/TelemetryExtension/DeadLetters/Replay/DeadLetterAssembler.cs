using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// Assembles dead letters from lines that may be unordered, interleaved and repeated. A payload is returned once, with its last missing part.
/// Payloads that still lack parts at the end are incomplete. Id and checksum of the whole identify the payload of a part. Memory is limited: waiting
/// parts share <see cref="MaxWaitingBytes"/>, and the oldest payload is given up first. A returned payload leaves 32 bytes.
/// </summary>
/// <param name="maxWaitingBytes">Small, because the process has a heap of 64 MiB.</param>
internal sealed class DeadLetterAssembler(int maxWaitingBytes = DeadLetterAssembler.MaxWaitingBytes)
{
    public const int MaxWaitingBytes = 16 * 1024 * 1024;

    /// <summary>Beyond this number, problems are only counted.</summary>
    private const int MaxProblems = 1000;

    private readonly OrderedDictionary<UInt128, Waiting> _open = [];
    private readonly HashSet<UInt128> _done = [];
    private readonly HashSet<UInt128> _whole = [];
    private readonly List<DeadLetterProblem> _problems = [];
    private readonly List<string> _givenUp = [];
    private long _waitingBytes;
    private int _moreProblems;

    /// <summary>Problems of parts and payloads. A damaged part whose payload became complete is no problem, because there was a good copy.</summary>
    public IReadOnlyList<string> Problems => [.. _problems.Where(problem => !_whole.Contains(Hash(problem.Id))).Select(static problem => problem.Text)];

    /// <summary>The number of further problems beyond the limit of <see cref="Problems"/>.</summary>
    public int MoreProblems => _moreProblems;

    /// <summary>Parts that arrived before. Logs may deliver a line twice.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Whether there was any dead letter, even a damaged one.</summary>
    public bool HasFound { get; private set; }

    /// <summary>Returns the payloads that this line completes.</summary>
    public IEnumerable<OtlpPayload> Add(string line)
    {
        foreach (var (part, problem) in DeadLetterPart.Find(line))
        {
            HasFound = true;
            if (part is null)
                Note(problem);
            else if (Add(part) is { } payload)
                yield return payload;
        }
    }

    /// <summary>Payloads that were never completed, e.g. "… (logs, 12 records) lacks part 2 of 3".</summary>
    public IEnumerable<string> Incomplete() => [.. _givenUp, .. _open.Values.Select(static waiting => waiting.ToString())];

    private OtlpPayload? Add(DeadLetterPart part)
    {
        var key = Hash($"{part.Id} {part.Sum} {part.Count}");
        if (_done.Contains(key))
        {
            Duplicates++;
            return null;
        }

        if (!_open.TryGetValue(key, out var waiting))
        {
            // A damaged count does not get here, because the checksum covers it. A forged one must not cost memory.
            if (part.Count > 10_000)
            {
                Note(new(part.Id, $"{part.Id} claims {part.Count} parts"));
                return null;
            }

            _open.Add(key, waiting = new(part with { Data = "" }));
            _waitingBytes += waiting.Bytes;
        }

        if (!waiting.TryAdd(part))
            Duplicates++;
        else
            _waitingBytes += part.Data.Length;
        if (!waiting.IsWhole)
        {
            GiveUpOldest();
            return null;
        }

        _open.Remove(key);
        _waitingBytes -= waiting.Bytes;
        _done.Add(key);
        if (DeadLetter.Restore(part, waiting.Data!, out var problem) is not { } payload)
        {
            Note(new("", problem));
            return null;
        }

        _whole.Add(Hash(payload.BatchId));
        return payload;
    }

    private void GiveUpOldest()
    {
        while (_waitingBytes > maxWaitingBytes && _open.Count > 0)
        {
            var (_, oldest) = _open.GetAt(0);
            _open.RemoveAt(0);
            _waitingBytes -= oldest.Bytes;
            if (_givenUp.Count < MaxProblems)
                _givenUp.Add($"{oldest}; too many parts came between them");
            else
                _moreProblems++;
        }
    }

    private void Note(DeadLetterProblem problem)
    {
        if (_problems.Count < MaxProblems)
            _problems.Add(problem);
        else if (!_whole.Contains(Hash(problem.Id)))
            _moreProblems++;
    }

    private static UInt128 Hash(string text) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The parts of one payload so far.</summary>
    private sealed class Waiting(DeadLetterPart first)
    {
        private int _missing = first.Count;

        public byte[]?[] Data { get; } = new byte[first.Count][];

        public bool IsWhole => _missing == 0;

        public int Bytes { get; private set; } = 256 + (8 * first.Count);

        public bool TryAdd(DeadLetterPart part)
        {
            if (Data[part.Number - 1] is not null)
                return false;
            Data[part.Number - 1] = Encoding.ASCII.GetBytes(part.Data);
            Bytes += part.Data.Length;
            _missing--;
            return true;
        }

        public override string ToString()
        {
            var missing = Enumerable.Range(1, Data.Length).Where(number => Data[number - 1] is null).ToList();
            var some = string.Join(", ", missing.Take(20)) + (missing.Count > 20 ? ", ..." : "");
            return $"{first.Id} ({first.Signal.ToString().ToLowerInvariant()}, {first.Records} records) lacks part {some} of {Data.Length}";
        }
    }
}
