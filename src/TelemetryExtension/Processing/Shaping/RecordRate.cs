namespace TelemetryExtension.Processing.Shaping;

/// <summary>
/// Admits a number of records for each second of their own times, so that a late delivery of many seconds is not one burst. It remembers the last
/// 64 seconds that it saw.
/// </summary>
internal sealed class RecordRate(int perSecond)
{
    private const int Seconds = 64;

    private readonly (ulong Second, int Count)[] _counts = new (ulong, int)[Seconds];

    /// <param name="unixNano">The time of the record. Records without one share a second.</param>
    public bool TryAdmit(ulong unixNano)
    {
        var second = unixNano / 1_000_000_000;
        ref var slot = ref _counts[(int)(second % Seconds)];
        if (slot.Second != second)
            slot = (second, 0);
        return ++slot.Count <= perSecond;
    }
}
