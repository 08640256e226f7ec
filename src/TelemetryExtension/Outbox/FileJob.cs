using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>Work on files. The outbox decides on it under its lock; <see cref="FileWorker"/> does it outside the lock.</summary>
internal abstract class FileJob
{
    public abstract void Run(Spool spool);
}

/// <summary>Writes the bodies of entries end to end into one file. The entries are busy meanwhile.</summary>
/// <param name="group">In order of arrival.</param>
/// <param name="payload">The payload that they become, without its body.</param>
internal sealed class WriteFile(List<OutboxEntry> group, OtlpPayload payload, int size, IReadOnlyList<string> pending) : FileJob
{
    private readonly List<ReadOnlyMemory<byte>> _bodies = [.. group.Select(static entry => entry.Payload.Body)];
    private readonly List<int> _versions = [.. group.Select(static entry => entry.Version)];
    private bool _wasEmptied;

    public IReadOnlyList<OutboxEntry> Group => group;

    public OtlpPayload Payload => payload;

    public int Size => size;

    /// <summary>What the group costs of the memory ceiling.</summary>
    public long Cost { get; } = group.Sum(static entry => (long)entry.Cost);

    /// <summary>Null when the disk did not take the file.</summary>
    public SpoolFile? File { get; private set; }

    public bool FoundEmptied => _wasEmptied;

    /// <summary>False when, since the job began, an entry left the outbox, a request was made of it or a destination decided about it.</summary>
    public bool IsUpToDate
    {
        get
        {
            for (var i = 0; i < group.Count; i++)
                if (group[i].IsGone || group[i].Version != _versions[i])
                    return false;
            return true;
        }
    }

    public override void Run(Spool spool) => File = spool.TryWrite(payload, _bodies, pending, out _wasEmptied);
}

internal sealed class DeleteFiles(IReadOnlyList<SpoolFile> files) : FileJob
{
    public override void Run(Spool spool)
    {
        foreach (var file in files)
            spool.Delete(file);
    }
}

/// <summary>Finds the entries whose files are gone, after somebody emptied the directory.</summary>
internal sealed class FindLostFiles(IReadOnlyList<OutboxEntry> entries) : FileJob
{
    private readonly List<SpoolFile> _files = [.. entries.Select(static entry => entry.File!)];

    public List<OutboxEntry> Lost { get; } = [];

    public override void Run(Spool spool)
    {
        for (var i = 0; i < entries.Count; i++)
            if (!spool.Exists(_files[i]))
                Lost.Add(entries[i]);
    }
}

/// <summary>Finds the files that an earlier generation left.</summary>
/// <param name="room">An empty room with the limits.</param>
/// <param name="own">Names of this generation's files.</param>
internal sealed class RecoverFiles(int headBytes, SpoolRoom room, IReadOnlySet<string> own, TaskCompletionSource<int> recovered) : FileJob
{
    public IReadOnlyList<(SpoolFile File, SpoolHead Head)> Found { get; private set; } = [];

    public override void Run(Spool spool) => Found = spool.Recover(headBytes, room, own);

    public void Done() => recovered.TrySetResult(Found.Count);
}

/// <summary>Reports that all earlier jobs are done.</summary>
internal sealed class Barrier(TaskCompletionSource reached) : FileJob
{
    public override void Run(Spool spool) => reached.TrySetResult();
}
