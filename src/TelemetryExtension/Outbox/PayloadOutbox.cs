using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Encoded payloads until every destination took or finally refused them. Thread-safe: one lock, under which nothing touches a file. Memory has a
/// ceiling: above it the oldest payloads go to files, and when those are full too, metrics, then spans, then logs are shed, the oldest first. What is
/// past its limits waits for the dead letters, if there are any. Whatever leaves is counted in the ledger, once; so is what is in a file, for as
/// long as there is one.
/// </summary>
internal sealed partial class PayloadOutbox : IFileJobs, IDisposable
{
    private const long BacklogBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly OutboxOrder _order = new();
    private readonly DeliveryLane[] _lanes;

    /// <summary>By signal.</summary>
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

    /// <param name="inBackground">Runs work on files. One that runs it at once makes the outbox wait for the disk.</param>
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

    /// <summary>Of each destination one for every signal it accepts, the most valuable first.</summary>
    public IReadOnlyList<DeliveryLane> Lanes => _lanes;

    public OutboxCounts Counts
    {
        get
        {
            lock (_gate)
                return new(_order.Count, _bytes, _room.Files, _room.Bytes);
        }
    }

    /// <summary>What payloads in memory take of it; costs no lock.</summary>
    public long BytesInMemory => Volatile.Read(ref _bytes);

    /// <summary>Takes a payload over. Its records must have been counted as received before.</summary>
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
                // It is in, and counts as such: the next one trims for both.
                Log.WarnOnce("memory", "too little memory to keep the buffer's limit, will be tried again");
            }
        }

        WakeFiles();
    }

    /// <param name="isLastChance">What failed before does not rest any more.</param>
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
    /// The batch's bytes; null when one of its files was deleted or damaged, or is not read in time: the rest of the batch then waits for the next
    /// <see cref="Take"/>.
    /// </summary>
    public async ValueTask<OtlpPayload?> OpenAsync(DeliveryLane lane, DeliveryBatch batch, CancellationToken cancellationToken)
    {
        var bodies = new List<ReadOnlyMemory<byte>>(batch.Parts.Count);
        foreach (var part in batch.Parts)
        {
            // A part in use keeps its file: nothing moves it meanwhile.
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

    /// <summary>Whether so much waits for a destination that further connections are worth their handshakes.</summary>
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

    /// <param name="size">Of the body.</param>
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

    /// <summary>Takes an entry out for good. Its file, if it has one, is deleted; the caller says what became of it.</summary>
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

    /// <summary>Once an entry, before its outcome is counted.</summary>
    private void DeleteFile(OutboxEntry entry, SpoolFile file)
    {
        _room.Remove(file);
        _deletions.Add(file);
        _ledger.Spooled((LedgerAccount)entry.Payload.Signal, -entry.Records);
    }

    private void Settle(OutboxEntry entry, Remainder rest, bool isDeadLettered = false) =>
        entry.Account.Settle(_ledger, (LedgerAccount)entry.Payload.Signal, entry.Records, rest, isDeadLettered);
}

/// <param name="Payloads">Several that became one in a file are one.</param>
/// <param name="Bytes">Of the memory's ceiling: bodies in memory, and what each takes beside its body.</param>
internal readonly record struct OutboxCounts(int Payloads, long Bytes, int SpooledPayloads, long SpooledBytes);
