using Simulation;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>Compares the ledger with the model and with the files on the disk.</summary>
/// <param name="destinations">Those of the outbox.</param>
internal sealed class LedgerCheck(OutboxOptions options, Ledger ledger, RecordBook book, IReadOnlyList<IDestination> destinations)
{
    private static readonly Signal[] Signals = Enum.GetValues<Signal>();

    private readonly long[][] _before = [.. Signals.Select(static _ => Array.Empty<long>())];

    /// <summary>Somebody else deleted or changed files: those may be lost, and the outbox finds out later.</summary>
    public bool IsDiskTouched { get; set; }

    /// <summary>Records in dead letters that were written, by signal.</summary>
    public int[] Letters { get; } = new int[3];

    /// <summary>Called when no work on files is under way.</summary>
    public void AfterAction(PayloadOutbox outbox, MemoryFiles disk)
    {
        var (inFiles, bytes, files) = Count(disk);
        foreach (var signal in Signals)
        {
            var line = ledger[(LedgerAccount)signal];
            Balances(signal, line);
            OnlyGrows(signal, line);
            ModelViolationException.Unless(IsDiskTouched || line.Spooled == inFiles[(int)signal], "spooled is what the files hold");
        }

        var counts = outbox.Counts;
        ModelViolationException.Unless(IsDiskTouched || counts.SpooledBytes <= bytes, "the files' bytes are counted");
        ModelViolationException.Unless(counts.SpooledBytes <= options.SpoolMaxBytes, "files keep their limit");
        ModelViolationException.Unless(IsDiskTouched || counts.SpooledPayloads <= files, "files are counted");
        ModelViolationException.Unless(counts.Bytes >= 0, "bytes in memory are counted");
    }

    /// <param name="busy">Requests are being made of them, so nothing can move them.</param>
    public void AfterAdd(PayloadOutbox outbox, IEnumerable<OutboxEntry> busy) =>
        ModelViolationException.Unless(
            outbox.Counts.Bytes <= options.MaxBytes + busy.Where(static entry => entry is { File: null, IsGone: false }).Sum(static entry => (long)entry.Cost),
            "memory keeps its limit");

    /// <summary>Everything was delivered, dead-lettered or given up.</summary>
    public void AtTheEnd(PayloadOutbox outbox, MemoryFiles disk)
    {
        foreach (var signal in Signals)
        {
            var line = ledger[(LedgerAccount)signal];
            Balances(signal, line);
            ModelViolationException.Unless(line is { Buffered: 0, Spooled: 0 }, "at the end nothing is left");
            if (destinations.Count > 1)
                continue;
            // What was shed, lost or dead-lettered with others of its payload may have been taken before.
            var withOthers = line.DeadLettered + line.Dropped[(int)DropReason.Shed] + line.Dropped[(int)DropReason.SpoolLost] + line.Dropped[(int)DropReason.Shutdown];
            ModelViolationException.Unless(line.Exported + withOthers >= book.Taken(signal, 0), "what the destination took is exported");
        }

        ModelViolationException.Unless(outbox.Counts == default, "at the end the outbox is empty");
        ModelViolationException.Unless(outbox.Lanes.All(static lane => lane.Queue is { Open: 0, OpenBytes: 0, Fresh: 0 }), "at the end nothing waits");
        ModelViolationException.Unless(IsDiskTouched || Count(disk).Files == 0, "at the end no file is left");
    }

    private void Balances(Signal signal, LedgerLine line)
    {
        ModelViolationException.Unless(line.Received == book.Received(signal), "every record that was added is received");
        ModelViolationException.Unless(line is { Buffered: >= 0, Spooled: >= 0 }, "nothing is counted twice");
        for (var i = 0; i < destinations.Count; i++)
            ModelViolationException.Unless(!destinations[i].Accepts(signal) || line.Exported <= book.Taken(signal, i), "exported means that every destination took it");
        ModelViolationException.Unless(line.Rejected <= book.Rejected(signal), "rejected means that a destination said so");
        ModelViolationException.Unless(line.DeadLettered <= Letters[(int)signal], "dead-lettered means that a letter was written");
    }

    private void OnlyGrows(Signal signal, LedgerLine line)
    {
        long[] now = [line.Exported, line.Rejected, line.DeadLettered, .. line.Dropped];
        var before = _before[(int)signal];
        for (var i = 0; i < before.Length; i++)
            ModelViolationException.Unless(now[i] >= before[i], "what has been counted stays counted");
        _before[(int)signal] = now;
    }

    private static (int[] Records, long Bytes, int Files) Count(MemoryFiles disk)
    {
        var (records, bytes, files) = (new int[3], 0L, 0);
        foreach (var (name, content) in disk.Content)
        {
            if (MarkedPayload.ReadFile(name, content) is not var (signal, numbers, _))
                continue;
            records[(int)signal] += numbers.Count;
            bytes += content.Length;
            files++;
        }

        return (records, bytes, files);
    }
}
