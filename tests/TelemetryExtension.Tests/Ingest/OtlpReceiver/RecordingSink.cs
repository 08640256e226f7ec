using System.Collections.Concurrent;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>Stands for the channel: keeps copies, counts as the channel does, refuses when told to.</summary>
internal sealed class RecordingSink(Ledger ledger) : ITelemetrySink
{
    public ConcurrentQueue<(Signal Signal, byte[] Bytes, int Records)> Items { get; } = new();

    public bool Full { get; set; }

    /// <summary>Counts only: floods must not fill the test's memory.</summary>
    public bool Forget { get; set; }

    public long Bytes;

    public bool TryWrite(in TelemetryItem item)
    {
        Assert.Equal(TelemetryItemKind.OtlpRequest, item.Kind);
        ledger.Received((LedgerAccount)item.Signal, item.Records);
        Interlocked.Add(ref Bytes, item.Length);
        if (Full)
            ledger.Dropped((LedgerAccount)item.Signal, DropReason.BufferBytes, item.Records);
        else if (!Forget)
            Items.Enqueue((item.Signal, item.Bytes.ToArray(), item.Records));
        if (!Full)
            ledger.Exported((LedgerAccount)item.Signal, item.Records);
        item.Release();
        return !Full;
    }
}
