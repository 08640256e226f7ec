namespace TelemetryExtension.Processing.Shaping;

/// <summary>
/// Admits a number of records for each second of the records' own times, so that a late delivery of many seconds does not count as one burst. It has a
/// counter for each of 64 seconds.
/// </summary>
internal sealed class RecordRate(int perSecond)
{
    private const int Seconds = 64;

    private readonly (ulong Second, int Count)[] _counts = new (ulong, int)[Seconds];

    /// <param name="unixNano">The time of the record. Records without a time share one second.</param>
    public bool TryAdmit(ulong unixNano)
    {
        var second = unixNano / 1_000_000_000;
        ref var slot = ref _counts[(int)(second % Seconds)];
        if (slot.Second != second)
            slot = (second, 0);
        return ++slot.Count <= perSecond;
    }
}
