namespace TelemetryExtension.Native;

/// <summary>
/// Keeps the process small over a long life. Data that waits for a flush survives collections of the young generation and becomes garbage in the old
/// one right after the flush. The collector would not collect the old generation for long, because its limit is far away. This collects it at
/// intervals.
/// </summary>
/// <param name="allocatedBytes">The bytes that the process has allocated so far.</param>
internal sealed class MemoryUpkeep(Func<long> allocatedBytes)
{
    /// <summary>About fifty to a hundred invocations: a millisecond or two of CPU for all of them together.</summary>
    private const long EveryBytes = 4 * 1024 * 1024;

    /// <summary>Many environments see no more invocations than these, and start-up keeps them busy.</summary>
    private const int Spared = 20;

    /// <summary>Collects even in those first invocations when they allocate this much.</summary>
    private const long SparedBytes = 16 * 1024 * 1024;

    private long _due = EveryBytes;
    private int _runs;

    /// <summary>Call it after Next was sent, when nobody waits. True when it collected.</summary>
    public bool Run()
    {
        var allocated = allocatedBytes();
        var isSpared = _runs++ < Spared && allocated < SparedBytes;
        if (isSpared || allocated < _due)
            return false;
        _due = allocated + EveryBytes;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        StartUpPages.Release();
        return true;
    }
}
