namespace TelemetryExtension.Outbox;

/// <summary>
/// What became of the pieces of one content that was refused. A backend that takes some of them is asked on, for far more bad records than
/// anybody has by accident; one that takes none only for a few samples. Guarded by the outbox's lock.
/// </summary>
internal sealed class SplitContent
{
    private const int MaxSplits = 1024;

    private int _maxInARow;
    private int _maxOnceTaken;
    private int _inARow;
    private int _splits;

    /// <summary><see cref="SignalRefusal.Count"/> when its first request was begun.</summary>
    public int? RefusalsBefore { get; set; }

    public bool IsSplit => _splits > 0;

    /// <summary>Whether it was counted as refused already.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Nothing of it was taken yet: single records of it are tried before the rest.</summary>
    public bool IsSampled { get; private set; }

    /// <summary>A piece of it was refused for what it is, not for its size.</summary>
    public bool HasBad { get; set; }

    /// <summary>A piece of it was taken.</summary>
    public bool IsPartlyTaken { get; private set; }

    /// <summary>So many refusals in a row that no piece of it is split any more.</summary>
    public bool IsSpent => _inARow > _maxInARow || _splits >= MaxSplits;

    /// <summary>Called before the first split.</summary>
    public void Allow(int maxInARow) => _maxInARow = maxInARow;

    /// <summary>The same: so many samples may be refused, and so many pieces in a row once one was taken.</summary>
    public void AllowSamples(int samples, int maxOnceTaken) => (IsSampled, _maxInARow, _maxOnceTaken) = (samples > 0, samples, maxOnceTaken);

    public void Refused() => _inARow++;

    public void Split() => _splits++;

    public void Taken()
    {
        if (IsSampled)
            (IsSampled, _maxInARow) = (false, _maxOnceTaken);
        (IsPartlyTaken, _inARow) = (true, 0);
    }
}
