using System.Numerics;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Remembers that a destination refuses a signal whatever its content. After <see cref="RefusalsBeforeClosed"/> consecutive refusals the signal is closed
/// and nothing of it is sent. Pieces of one content count as one refusal. One trial request follows after about 30 seconds, then after twice the time, up
/// to about 15 minutes. An accepted trial opens the signal again. Also remembers that a destination accepts only parts of the signal: finding those costs
/// requests that no invocation should wait for. Guarded by the outbox's lock.
/// </summary>
internal sealed class SignalRefusal
{
    public const int RefusalsBeforeClosed = 3;

    /// <summary>
    /// The number of single records of a refused content that are sent before anything else. When all are refused, the rest counts as refused too. That
    /// misjudges a content with good records only when about nine in ten of its records are bad.
    /// </summary>
    public const int Samples = 4;

    /// <summary>After this many consecutive contents that were accepted only in part, the signal is sent in the background.</summary>
    public const int PartsBeforeBackground = 3;

    /// <summary>After this many consecutive refusals a flush sends one request until one is accepted.</summary>
    private const int RefusalsBeforeDoubt = 2;

    /// <summary>
    /// Finding one bad record among n takes about log2(n) consecutive refusals. Requests are sent in parallel, so the halves of several bad pieces are
    /// refused before a good one is reached: 16 bad records, evenly spread, cost 31 consecutive refusals.
    /// </summary>
    private const int ExtraRefusals = 54;

    /// <summary>The delays between trials. Half of each is random, so that environments that were refused together do not retry together.</summary>
    private static readonly RetrySchedule Trials = new(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(15));

    private int _refusals;
    private int _consecutive;
    private int _samples;
    private int _inPart;
    private int _trials;
    private Pause _untilTrial;

    public bool IsClosed => _refusals >= RefusalsBeforeClosed;

    /// <summary>The number of refusals so far. Contents with requests in flight together count as one.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a trial request is in flight.</summary>
    public bool IsOnTrial { get; private set; }

    /// <summary>Whether the last refusal was about the content itself, so that no destination would accept it later.</summary>
    public bool IsAboutContent { get; private set; }

    /// <summary>Whether nothing was accepted lately. A flush then sends one request, not many.</summary>
    public bool IsDoubted => _consecutive >= RefusalsBeforeDoubt;

    /// <summary>Whether the destination accepts something of each content, but never all of it.</summary>
    public bool IsAcceptedInPart => _inPart >= PartsBeforeBackground;

    /// <summary>How many samples of the next refused content are worth a request, given the samples that were refused before.</summary>
    public int SamplesLeft => Math.Max(Samples - _samples, 0);

    /// <summary>The limit of consecutive refusals for the pieces of a content once one of them was accepted.</summary>
    public static int MaxConsecutiveRefusals(int records) => BitOperations.Log2((uint)Math.Max(records, 1)) + ExtraRefusals;

    public bool IsTrialDue(DateTimeOffset now) => IsClosed && !IsOnTrial && _untilTrial.LeftAt(now) == TimeSpan.Zero;

    public void TrialStarted() => IsOnTrial = true;

    /// <summary>Records that at least one record of the signal was accepted.</summary>
    public void Accepted() => (_refusals, _consecutive, _samples, _trials, IsOnTrial) = (0, 0, 0, 0, false);

    /// <summary>Records that a content was accepted without a refusal.</summary>
    public void AcceptedWhole() => _inPart = 0;

    /// <summary>Records that the first piece of a content was accepted after others were refused for their content.</summary>
    /// <returns>True when this moves the signal to the background.</returns>
    public bool AcceptedInPart() => ++_inPart == PartsBeforeBackground;

    public void RequestRefused() => _consecutive++;

    /// <summary>Records the refusal of a single record, or of a piece of a content of which nothing was accepted.</summary>
    public void SampleRefused() => _samples++;

    /// <summary>Records that a content was refused.</summary>
    /// <param name="random">From 0 up to 1.</param>
    /// <returns>True when this refusal closes the signal.</returns>
    public bool Refused(bool isAboutContent, DateTimeOffset now, double random)
    {
        Count++;
        IsAboutContent = isAboutContent;
        if (_refusals < RefusalsBeforeClosed && ++_refusals == RefusalsBeforeClosed)
        {
            TrialEnded(now, random);
            return true;
        }

        return false;
    }

    /// <summary>Schedules the next trial after a failed one, or after the signal was closed. Each delay is twice the last.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void TrialEnded(DateTimeOffset now, double random) =>
        (_untilTrial, IsOnTrial) = (new(now, Trials.DelayAfter(++_trials, null, random)), false);
}
