using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>What is to be done with files: decided here under the lock, done by <see cref="FileWorker"/> outside of it.</summary>
internal sealed partial class PayloadOutbox
{
    private readonly List<SpoolFile> _deletions = [];
    private readonly List<TaskCompletionSource> _barriers = [];
    private readonly Queue<OutboxEntry> _leaving = new();
    private TaskCompletionSource<int>? _recovery;
    private bool _findLost;

    /// <summary>
    /// Takes over what an earlier generation of this environment left in files (a reset keeps /tmp). Its records count as received again: that
    /// generation's ledger ended with it. Answers how many payloads there were. Reads the disk, but no bodies: not before the first Next.
    /// </summary>
    public Task<int> RecoverAsync()
    {
        if (_options.SpoolMaxBytes == 0)
            return Task.FromResult(0);
        var recovery = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _recovery = recovery;
        WakeFiles();
        return recovery.Task;
    }

    /// <summary>
    /// Before a reset of the environment, which keeps /tmp: what is in files stays there for the next generation, and as much as fits of what is in
    /// memory goes there too, the most valuable and oldest first. It leaves the outbox, and counts as spooled. Answers how many payloads that are.
    /// </summary>
    public async Task<int> LeaveInFilesAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            foreach (var signal in SheddingOrder.Reverse())
                foreach (var entry in _order.InMemoryOf(signal))
                    _leaving.Enqueue(entry);
        await FilesAreDoneAsync(cancellationToken);
        lock (_gate)
        {
            _leaving.Clear();
            var left = 0;
            foreach (var entry in _order.InFiles())
            {
                if (entry.IsExpired)
                    continue;
                TakeOut(entry);
                left++;
            }

            return left;
        }
    }

    /// <summary>Returns when all work on files that is known now is done, or when it is cancelled.</summary>
    public async Task FilesAreDoneAsync(CancellationToken cancellationToken)
    {
        var barrier = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _barriers.Add(barrier);
        WakeFiles();
        await barrier.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Deletions go first: they make the room that the others count on.</summary>
    FileJob? IFileJobs.NextFileJob()
    {
        lock (_gate)
        {
            if (_deletions.Count > 0)
            {
                var deletions = new DeleteFiles([.. _deletions]);
                _deletions.Clear();
                return deletions;
            }

            if (_recovery is { } recovery)
            {
                _recovery = null;
                return new RecoverFiles(
                    _headBytes, new(_options.SpoolMaxBytes, _headBytes), _order.InFiles().Select(static entry => entry.File!.Name).ToHashSet(), recovery);
            }

            if (_findLost)
            {
                _findLost = false;
                // Those that requests are being made of find out for themselves.
                return new FindLostFiles(_order.InFiles().FindAll(static entry => !entry.IsBusy));
            }

            if (NextToWrite() is { } write)
                return write;
            if (_barriers.Count == 0)
                return null;
            var barrier = _barriers[^1];
            _barriers.RemoveAt(_barriers.Count - 1);
            return new Barrier(barrier);
        }
    }

    void IFileJobs.FileJobDone(FileJob job)
    {
        switch (job)
        {
            case WriteFile write:
                lock (_gate)
                    Written(write);
                break;
            case FindLostFiles find:
                lock (_gate)
                    foreach (var entry in find.Lost)
                        if (!entry.IsBusy && entry.Node.List is not null)
                            Lose(entry);
                break;
            case RecoverFiles recover:
                lock (_gate)
                {
                    foreach (var (file, head) in recover.Found)
                    {
                        _ledger.Received((LedgerAccount)head.Payload.Signal, head.Payload.Records);
                        Enqueue(head.Payload, head.BodyBytes, file, head.Pending);
                    }

                    Trim();
                }

                recover.Done();
                break;
        }
    }

    /// <summary>A file takes its part of the room. Deleting it must need no memory, since files are deleted when memory is short.</summary>
    private void Occupy(SpoolFile file)
    {
        _room.Add(file);
        _deletions.EnsureCapacity(_deletions.Count + _room.Files);
    }

    /// <summary>Wakes the worker only when it has something to do: a thread costs more than most of what happens here.</summary>
    private void WakeFiles()
    {
        lock (_gate)
            if (!HasFileWork)
                return;
        _files.Wake();
    }

    private bool HasFileWork =>
        _deletions.Count > 0 || _recovery is not null || _findLost || _barriers.Count > 0 || _leaving.Count > 0
        || (_bytes > _options.MaxBytes && !DiskIsResting && FileFor(_order.OldestInMemory));

    /// <summary>The next one that is to be left in a file before a reset.</summary>
    private OutboxEntry? NextToLeave()
    {
        while (_leaving.TryDequeue(out var entry))
            if (entry is { File: null, IsGone: false, IsBusy: false } && _room.Left >= entry.Size)
                return entry;
        return null;
    }
}
