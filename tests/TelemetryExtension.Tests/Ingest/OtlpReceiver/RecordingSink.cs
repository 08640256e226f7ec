using System.Collections.Concurrent;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>A replacement of the channel that keeps copies, counts like it, and refuses on demand.</summary>
internal sealed class RecordingSink(Ledger ledger) : ITelemetrySink
{
    public ConcurrentQueue<(Signal Signal, byte[] Bytes, int Records)> Items { get; } = new();

    public bool Full { get; set; }

    /// <summary>Only counts, so that floods do not fill the test's memory.</summary>
    public bool Forget { get; set; }

    public long Bytes;

    public int LargestCapacity { get; private set; }

    public bool TryWrite(in TelemetryItem item)
    {
        Assert.Equal(TelemetryItemKind.OtlpRequest, item.Kind);
        Interlocked.Add(ref Bytes, item.Length);
        LargestCapacity = Math.Max(LargestCapacity, item.Body.Capacity);
        if (!Full)
        {
            ledger.Received((LedgerAccount)item.Signal, item.Records);
            ledger.Exported((LedgerAccount)item.Signal, item.Records);
            if (!Forget)
                Items.Enqueue((item.Signal, item.Bytes.ToArray(), item.Records));
        }

        item.Release();
        return !Full;
    }
}
