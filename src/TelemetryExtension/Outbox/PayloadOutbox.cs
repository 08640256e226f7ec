using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Encoded payloads until every destination took or finally refused them. Thread-safe. Memory has a ceiling: above it the oldest payloads go to
/// files, and when those are full too, metrics, then spans, then logs are shed, the oldest first. What is past its limits waits for the dead letters,
/// if there are any. Whatever leaves is counted in the ledger, once; so is what is in a file, for as long as there is one.
/// </summary>
internal sealed partial class PayloadOutbox : IDisposable
{
    /// <summary>Least valuable first: metrics repeat themselves, spans have siblings, logs are what people look for after a crash.</summary>
    private static readonly Signal[] SheddingOrder = [Signal.Metrics, Signal.Traces, Signal.Logs];

    private const long BacklogBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly OutboxOrder _order = new();
    private readonly DeliveryLane[] _lanes;

    /// <summary>By signal.</summary>
    private readonly DeliveryLane[][] _lanesOf;
    private readonly OutboxOptions _options;
    private readonly Ledger _ledger;
    private readonly TimeProvider _time;
    private readonly Spool _spool;
    private long _sequence;
    private long _bytes;

    public PayloadOutbox(IReadOnlyList<IDestination> destinations, OutboxOptions options, RetrySchedule schedule, Ledger ledger, TimeProvider time)
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
        _spool = new(
            options.SpoolDirectory, options.SpoolMaxBytes, SpoolFormat.LongestHead(destinations.Select(static destination => destination.Name)), time);
        // So large that the number of files is no bound before their bytes are, but small against what there is in memory and in all files.
        _fileBytes = Math.Max(UsualFileBytes, options.SpoolMaxBytes / (Spool.MaxFiles / 2));
        _fileBytes = Math.Min(Math.Min(_fileBytes, options.MaxRequestBytes), Math.Min(options.MaxBytes / 2, options.SpoolMaxBytes / 8));
    }

    public IReadOnlyList<IDestination> Destinations { get; }

    /// <summary>Of each destination one for every signal it accepts, the most valuable first.</summary>
    public IReadOnlyList<DeliveryLane> Lanes => _lanes;

    public OutboxCounts Counts
    {
        get
        {
            lock (_gate)
                return new(_order.Count, _bytes, _spool.Files, _spool.Bytes);
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
    }

    /// <summary>
    /// Takes over what an earlier generation of this environment left in files (a reset keeps /tmp). Its records count as received again: that
    /// generation's ledger ended with it. Answers how many payloads there were. Reads the disk, but no bodies: not before the first Next.
    /// </summary>
    public int Recover()
    {
        lock (_gate)
        {
            var recovered = 0;
            foreach (var (file, head) in _spool.Recover())
            {
                _ledger.Received((LedgerAccount)head.Payload.Signal, head.Payload.Records);
                Enqueue(head.Payload, head.BodyBytes, file, head.Pending);
                recovered++;
            }

            return recovered;
        }
    }

    /// <param name="isLastChance">What failed before does not rest any more.</param>
    public DeliveryBatch? Take(DeliveryLane lane, bool isLastChance = false)
    {
        lock (_gate)
        {
            var isTrial = lane.Refusal.IsTrialDue(_time.GetUtcNow());
            if (lane.Refusal.IsClosed && !isTrial)
                return null;
            var batch = lane.Take(_options.MaxRequestBytes, _time.GetUtcNow(), isLastChance);
            if (batch is not null && isTrial)
            {
                batch.IsTrial = true;
                lane.Refusal.TrialStarted();
            }

            foreach (var part in batch?.Parts ?? [])
            {
                part.Entry.InUse++;
                _order.Place(part.Entry);
            }

            return batch;
        }
    }

    /// <summary>The batch's bytes; null when one of its files was deleted or damaged: the rest of the batch then waits for the next <see cref="Take"/>.</summary>
    public OtlpPayload? Open(DeliveryLane lane, DeliveryBatch batch)
    {
        var bodies = new List<ReadOnlyMemory<byte>>(batch.Parts.Count);
        foreach (var part in batch.Parts)
        {
            // A part in use keeps its file: nothing moves it meanwhile.
            if ((part.Body ?? (part.Entry.File is { } file ? Spool.Read(file) : part.Entry.Payload.Body)) is { } body)
            {
                bodies.Add(body);
                continue;
            }

            lock (_gate)
            {
                Finished(lane, batch, random: 1);
                batch.Parts.Remove(part);
                part.Entry.Shares[lane.Index].SpoolLost += part.Records;
                Decided(lane, part);
                if (batch.Parts.Count > 0)
                    lane.Next(new DeliveryBatch(batch.Signal, batch.Parts, batch.Content));
            }

            return null;
        }

        return batch.ToPayload(bodies);
    }

    /// <summary>False when every signal is refused for good, or gets no answer: then no invocation is worth waiting for a flush.</summary>
    public bool AnyoneAnswers
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, static lane => !lane.Refusal.IsClosed && !lane.IsSilent);
        }
    }

    public bool HasWork(DeliveryLane lane)
    {
        lock (_gate)
            return lane.Open > 0;
    }

    /// <summary>Whether so much waits for a destination that further connections are worth their handshakes.</summary>
    public bool HasBacklog(int destination)
    {
        lock (_gate)
        {
            long bytes = 0;
            foreach (var lane in _lanes)
                bytes += lane.Index == destination ? lane.OpenBytes : 0;
            return bytes > BacklogBytes;
        }
    }

    /// <summary>A destination that could not be connected to fails for all its signals.</summary>
    public void FailAll(IEnumerable<DeliveryLane> lanes, DeliveryLane like)
    {
        lock (_gate)
            foreach (var lane in lanes)
                lane.FailedLike(like);
    }

    public void Dispose() => _spool.Dispose();

    /// <param name="size">Of the body.</param>
    private void Enqueue(OtlpPayload payload, int size, SpoolFile? file, IReadOnlyList<string>? pending)
    {
        var entry = new OutboxEntry(payload, size, _sequence++, Destinations.Count) { File = file };
        foreach (var lane in _lanesOf[(int)payload.Signal])
            if (pending is null || pending.Contains(lane.Destination.Name))
                lane.Add(entry);

        if (entry.IsSettled)
        {
            _ledger.Dropped((LedgerAccount)payload.Signal, DropReason.NoDestination, payload.Records);
            if (file is not null)
                _spool.Delete(file);
            return;
        }

        _order.Place(entry);
        if (file is null)
            _bytes += entry.Cost;
        else
            _ledger.Spooled((LedgerAccount)payload.Signal, payload.Records);
    }

    private List<string> PendingOf(OutboxEntry entry) =>
        [.. Destinations.Where((_, index) => entry.Shares[index].OpenParts > 0).Select(static destination => destination.Name)];

    /// <summary>False when its file was gone before.</summary>
    private bool Remove(OutboxEntry entry)
    {
        TakeOut(entry);
        var isThere = entry.File is not { } file || DeleteFile(entry, file);
        entry.Payload = entry.Payload with { Body = default };
        return isThere;
    }

    private void TakeOut(OutboxEntry entry)
    {
        var wasGone = entry.IsGone;
        entry.IsGone = true;
        if (!wasGone)
            foreach (var lane in _lanesOf[(int)entry.Payload.Signal])
                lane.Remove(entry);
        _order.TakeOut(entry);
        if (entry.File is null)
            _bytes -= entry.Cost;
    }

    /// <summary>Once an entry; before its outcome is counted. False when the file was gone before.</summary>
    private bool DeleteFile(OutboxEntry entry, SpoolFile file)
    {
        var wasThere = _spool.Delete(file);
        _ledger.Spooled((LedgerAccount)entry.Payload.Signal, -entry.Records);
        return wasThere;
    }
}

/// <param name="Payloads">Several that became one in a file are one.</param>
/// <param name="Bytes">Of the memory's ceiling: bodies in memory, and what each takes beside its body.</param>
internal readonly record struct OutboxCounts(int Payloads, long Bytes, int SpooledPayloads, long SpooledBytes);
