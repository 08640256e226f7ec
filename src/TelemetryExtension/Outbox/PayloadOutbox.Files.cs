using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>Decides under the lock what to do with files. <see cref="FileWorker"/> does it outside the lock.</summary>
internal sealed partial class PayloadOutbox
{
    private readonly List<SpoolFile> _deletions = [];
    private readonly List<TaskCompletionSource> _barriers = [];
    private readonly Queue<OutboxEntry> _toSpool = new();
    private TaskCompletionSource<int>? _recovery;
    private bool _findLost;

    /// <summary>
    /// Takes over the payloads that an earlier generation of this environment left in files (a reset keeps /tmp). Their records count as received again,
    /// because that generation's ledger ended with it. Returns the number of payloads. Reads the disk, though no bodies, so call it only after the first
    /// Next.
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
    /// Prepares for a reset of the environment, which keeps /tmp: payloads in files stay there for the next generation, and payloads in memory are written
    /// to files as far as they fit, the most valuable and oldest first. These payloads leave the outbox and count as spooled. Returns their number.
    /// </summary>
    public async Task<int> SpoolRemainingAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            foreach (var signal in SheddingOrder.Reverse())
                foreach (var entry in _order.InMemoryOf(signal))
                    _toSpool.Enqueue(entry);
        await WaitForFilesAsync(cancellationToken);
        lock (_gate)
        {
            _toSpool.Clear();
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

    /// <summary>Waits until all file jobs that are known now are done, or until it is cancelled.</summary>
    public async Task WaitForFilesAsync(CancellationToken cancellationToken)
    {
        var barrier = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _barriers.Add(barrier);
        WakeFiles();
        await barrier.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Returns the next job. Deletions come first, because they make room that the other jobs need.</summary>
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
                // Entries with requests in flight notice the loss themselves.
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

    /// <summary>Counts a file against the room. It also reserves memory for its deletion, because files are deleted when memory is short.</summary>
    private void Occupy(SpoolFile file)
    {
        _room.Add(file);
        _deletions.EnsureCapacity(_deletions.Count + _room.Files);
    }

    /// <summary>Wakes the worker only when there is work, because a thread costs more than most calls here.</summary>
    private void WakeFiles()
    {
        lock (_gate)
            if (!HasFileWork)
                return;
        _files.Wake();
    }

    private bool HasFileWork =>
        _deletions.Count > 0 || _recovery is not null || _findLost || _barriers.Count > 0 || _toSpool.Count > 0
        || (_bytes > _options.MaxBytes && !IsDiskPaused && FileFor(_order.OldestInMemory));

    /// <summary>The next entry to write to a file before a reset.</summary>
    private OutboxEntry? NextToSpool()
    {
        while (_toSpool.TryDequeue(out var entry))
            if (entry is { File: null, IsGone: false, IsBusy: false } && _room.Left >= entry.Size)
                return entry;
        return null;
    }
}
