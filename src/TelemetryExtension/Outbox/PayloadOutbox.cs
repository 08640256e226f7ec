using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Keeps encoded payloads until every destination took or finally refused them. Thread-safe: one lock, and no file access under it. Memory has a ceiling:
/// above it the oldest payloads are written to files. When those are full too, metrics, then spans, then logs are shed, the oldest first. Payloads past
/// their limits wait for the dead letters, if these are on. The ledger counts every record that leaves, once, and every record in a file while the file
/// exists.
/// </summary>
internal sealed partial class PayloadOutbox : IFileJobs, IDisposable
{
    private const long BacklogBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly OutboxOrder _order = new();
    private readonly DeliveryLane[] _lanes;

    /// <summary>Lanes by signal.</summary>
    private readonly DeliveryLane[][] _lanesOf;
    private readonly OutboxOptions _options;
    private readonly Ledger _ledger;
    private readonly TimeProvider _time;
    private readonly FileWorker _files;
    private readonly SpoolRoom _room;
    private readonly int _headBytes;
    private long _sequence;
    private long _bytes;

    public PayloadOutbox(IReadOnlyList<IDestination> destinations, OutboxOptions options, RetrySchedule schedule, Ledger ledger, TimeProvider time)
        : this(destinations, options, schedule, ledger, time, new DiskSpoolFiles(options.SpoolDirectory), static work => _ = Task.Run(work))
    {
    }

    /// <param name="inBackground">Runs work on files. If it runs the work synchronously, the outbox waits for the disk.</param>
    public PayloadOutbox(
        IReadOnlyList<IDestination> destinations, OutboxOptions options, RetrySchedule schedule, Ledger ledger, TimeProvider time,
        ISpoolFiles files, Action<Action> inBackground)
    {
        var lanes = new List<DeliveryLane>();
        for (var index = 0; index < destinations.Count; index++)
        {
            var (slots, silence) = (new RequestSlots(), new SilentFlushes());
            foreach (var signal in SheddingOrder.Reverse())
                if (destinations[index].Accepts(signal))
                    lanes.Add(new(destinations[index], signal, lanes.Count, index, slots, silence, schedule));
        }

        _lanes = [.. lanes];
        _lanesOf = [.. Enum.GetValues<Signal>().Select(signal => lanes.Where(lane => lane.Signal == signal).ToArray())];
        Destinations = destinations;
        _options = options;
        _ledger = ledger;
        _time = time;
        _headBytes = SpoolFormat.LongestHead(destinations.Select(static destination => destination.Name));
        _room = new(options.SpoolMaxBytes, _headBytes);
        _files = new(new Spool(files), this, inBackground);
        _fileBytes = FileBytes(options);
    }

    public IReadOnlyList<IDestination> Destinations { get; }

    /// <summary>One lane per destination and accepted signal, the most valuable signal first.</summary>
    public IReadOnlyList<DeliveryLane> Lanes => _lanes;

    public OutboxCounts Counts
    {
        get
        {
            lock (_gate)
                return new(_order.Count, _bytes, _room.Files, _room.Bytes);
        }
    }

    /// <summary>What the payloads in memory cost of the ceiling. Reading it takes no lock.</summary>
    public long BytesInMemory => Volatile.Read(ref _bytes);

    /// <summary>Adds a payload. Its records must already be counted as received.</summary>
    public void Add(OtlpPayload payload)
    {
        lock (_gate)
        {
            Enqueue(payload, payload.Body.Length, null, null);
            try
            {
                Trim();
            }
            catch (OutOfMemoryException)
            {
                // The payload is in and counted. The next Add trims for both.
                Log.WarnOnce("memory", "too little memory to enforce the buffer's limit; the extension retries");
            }
        }

        WakeFiles();
    }

    /// <param name="isLastChance">Ignores the back-off of failed batches.</param>
    public DeliveryBatch? Take(DeliveryLane lane, bool isLastChance = false)
    {
        lock (_gate)
        {
            var batch = lane.Take(_options.MaxRequestBytes, _time.GetUtcNow(), isLastChance);
            foreach (var part in batch?.Parts ?? [])
            {
                part.Entry.BeginRequest();
                _order.Place(part.Entry);
            }

            return batch;
        }
    }

    /// <summary>
    /// Reads the batch's bytes. Returns null when one of its files is deleted or damaged, or is not read in time. The rest of the batch then waits for the
    /// next <see cref="Take"/>.
    /// </summary>
    public async ValueTask<OtlpPayload?> OpenAsync(DeliveryLane lane, DeliveryBatch batch, CancellationToken cancellationToken)
    {
        var bodies = new List<ReadOnlyMemory<byte>>(batch.Parts.Count);
        foreach (var part in batch.Parts)
        {
            // A busy entry keeps its file, because nothing moves it.
            if ((part.Body ?? (part.Entry.File is { } file ? await ReadAsync(file) : part.Entry.Payload.Body)) is { } body)
            {
                bodies.Add(body);
                continue;
            }

            PutBack(lane, batch, without: cancellationToken.IsCancellationRequested ? null : part);
            return null;
        }

        return batch.ToPayload(bodies);

        async Task<ReadOnlyMemory<byte>?> ReadAsync(SpoolFile file)
        {
            try
            {
                return await _files.ReadAsync(file, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    public bool HasWork(DeliveryLane lane)
    {
        lock (_gate)
            return lane.Queue.Open > 0;
    }

    /// <summary>Whether enough bytes wait for a destination that more connections are worth their handshakes.</summary>
    public bool HasBacklog(int destination)
    {
        lock (_gate)
        {
            long bytes = 0;
            foreach (var lane in _lanes)
                bytes += lane.Index == destination ? lane.Queue.OpenBytes : 0;
            return bytes > BacklogBytes;
        }
    }

    public void Dispose() => _files.Dispose();

    /// <param name="size">Bytes of the body.</param>
    private void Enqueue(OtlpPayload payload, int size, SpoolFile? file, IReadOnlyList<string>? pending)
    {
        var entry = new OutboxEntry(payload, size, _sequence++, Destinations.Count, file);
        foreach (var lane in _lanesOf[(int)payload.Signal])
            if (pending is null || pending.Contains(lane.Destination.Name))
                lane.Queue.Add(entry);

        if (entry.Account.IsSettled)
        {
            _ledger.Dropped((LedgerAccount)payload.Signal, DropReason.NoDestination, payload.Records);
            if (file is not null)
                _deletions.Add(file);
            return;
        }

        _order.Place(entry);
        if (file is null)
        {
            _bytes += entry.Cost;
            return;
        }

        Occupy(file);
        _ledger.Spooled((LedgerAccount)payload.Signal, payload.Records);
    }

    private void PutBack(DeliveryLane lane, DeliveryBatch batch, DeliveryPart? without)
    {
        lock (_gate)
        {
            Finished(lane, batch, random: 1);
            if (without is not null)
            {
                batch.Remove(part => part == without);
                Decide(lane, [without], RecordOutcome.SpoolLost);
            }

            if (batch.Parts.Count > 0)
                lane.Queue.PutNext(batch);
        }

        WakeFiles();
    }

    /// <summary>Removes an entry for good, and deletes its file if it has one. The caller counts the outcome.</summary>
    private void Remove(OutboxEntry entry)
    {
        TakeOut(entry);
        if (entry.File is { } file)
            DeleteFile(entry, file);
        entry.DropBody();
    }

    private void TakeOut(OutboxEntry entry)
    {
        var wasGone = entry.IsGone;
        entry.Leave();
        if (!wasGone)
            foreach (var lane in _lanesOf[(int)entry.Payload.Signal])
                lane.Queue.Remove(entry);
        _order.TakeOut(entry);
        if (entry.File is null)
            _bytes -= entry.Cost;
    }

    /// <summary>Called once per entry, before its outcome is counted.</summary>
    private void DeleteFile(OutboxEntry entry, SpoolFile file)
    {
        _room.Remove(file);
        _deletions.Add(file);
        _ledger.Spooled((LedgerAccount)entry.Payload.Signal, -entry.Records);
    }

    private void Settle(OutboxEntry entry, Remainder rest, bool isDeadLettered = false) =>
        entry.Account.Settle(_ledger, (LedgerAccount)entry.Payload.Signal, entry.Records, rest, isDeadLettered);
}

/// <param name="Payloads">Payloads that were merged into one file count as one.</param>
/// <param name="Bytes">What counts against the memory ceiling: bodies in memory, and the overhead of each.</param>
internal readonly record struct OutboxCounts(int Payloads, long Bytes, int SpooledPayloads, long SpooledBytes);
