namespace TelemetryExtension.Native;

/// <summary>
/// Keeps a long life as small as a short one. What waits for a flush outlives the collections of the young generation and is garbage right after it,
/// in the old one, which the collector would leave alone for long: its limit is far away.
/// </summary>
/// <param name="allocatedBytes">By the process, ever.</param>
internal sealed class MemoryUpkeep(Func<long> allocatedBytes)
{
    /// <summary>Some fifty to a hundred invocations: a millisecond or two of CPU for all of them together.</summary>
    private const long EveryBytes = 4 * 1024 * 1024;

    /// <summary>Many environments see no more invocations than these, and they have enough to do.</summary>
    private const int Spared = 20;

    /// <summary>Unless they allocate as much as this.</summary>
    private const long SparedBytes = 16 * 1024 * 1024;

    private long _due = EveryBytes;
    private int _runs;

    /// <summary>To be called when Next was sent and nobody waits for us. True when it was due.</summary>
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
