namespace TelemetryExtension.Outbox;

/// <summary>
/// Tracks the pieces of one refused content. When a backend accepts some of them, the rest is still sent, through far more bad records than occur by
/// accident. When it accepts none, only a few samples are sent. Guarded by the outbox's lock.
/// </summary>
internal sealed class SplitContent
{
    private const int MaxSplits = 1024;

    private int _maxConsecutive;
    private int _maxOnceAccepted;
    private int _consecutive;
    private int _splits;

    /// <summary>The <see cref="SignalRefusal.Count"/> when the first request of this content began.</summary>
    public int? RefusalsBefore { get; set; }

    public bool IsSplit => _splits > 0;

    /// <summary>Whether the content is already counted as refused.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Whether single records are sent before the rest, because nothing of the content was accepted yet.</summary>
    public bool IsSampled { get; private set; }

    /// <summary>Whether a piece was refused for its content and not for its size.</summary>
    public bool HasBad { get; set; }

    /// <summary>Whether a piece was accepted.</summary>
    public bool IsPartlyAccepted { get; private set; }

    /// <summary>Whether the limit of refusals or splits is reached, so that no piece is split any more.</summary>
    public bool IsExhausted => _consecutive > _maxConsecutive || _splits >= MaxSplits;

    /// <summary>Sets the limit of consecutive refusals. Called before the first split.</summary>
    public void Allow(int maxConsecutive) => _maxConsecutive = maxConsecutive;

    /// <summary>Sets the limit of refused samples, and the limit of consecutive refusals once a piece was accepted. Called before the first split.</summary>
    public void AllowSamples(int samples, int maxOnceAccepted) => (IsSampled, _maxConsecutive, _maxOnceAccepted) = (samples > 0, samples, maxOnceAccepted);

    public void Refused() => _consecutive++;

    public void Split() => _splits++;

    public void Accepted()
    {
        if (IsSampled)
            (IsSampled, _maxConsecutive) = (false, _maxOnceAccepted);
        (IsPartlyAccepted, _consecutive) = (true, 0);
    }
}
