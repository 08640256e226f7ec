using System.Numerics;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Remembers that a destination refuses a signal whatever is in it. After <see cref="RefusalsBeforeClosed"/> refused requests in a row,
/// counted by content and not by the pieces of it, the signal is closed: nothing of it is sent. One trial request goes out after about
/// 30 seconds, then after twice the time, up to about 15 minutes. A trial that is taken opens the signal again. Guarded by the outbox's lock.
/// </summary>
internal sealed class SignalRefusal
{
    public const int RefusalsBeforeClosed = 3;

    /// <summary>
    /// Finding one bad record among n takes about log2(n) refusals in a row. So many more find a few bad ones that follow each other.
    /// </summary>
    private const int InARowBesidesLog = 11;
    private const int InARowForSecond = 3;

    /// <summary>Half of a delay is random: environments that were refused together do not try together.</summary>
    private static readonly RetrySchedule Trials = new(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(15));

    private int _refusals;
    private int _trials;
    private Pause _untilTrial;

    public bool IsClosed => _refusals >= RefusalsBeforeClosed;

    /// <summary>Of all refusals so far. Contents whose requests were under way together count as one.</summary>
    public int Count { get; private set; }

    /// <summary>A trial request is under way.</summary>
    public bool IsOnTrial { get; private set; }

    /// <summary>What the last refusal was about: true when the content itself was refused, so that nobody takes it later either.</summary>
    public bool IsAboutContent { get; private set; }

    /// <summary>How many refusals in a row the pieces of a content may cost before all of it counts as refused.</summary>
    public static int MaxFirstInARow(int records) => BitOperations.Log2((uint)Math.Max(records, 1)) + InARowBesidesLog;

    /// <summary>The same, given the contents that were refused before.</summary>
    public int MaxInARow(int records) => _refusals switch
    {
        0 => MaxFirstInARow(records),
        1 => InARowForSecond,
        _ => 0,
    };

    public bool IsTrialDue(DateTimeOffset now) => IsClosed && !IsOnTrial && _untilTrial.LeftAt(now) == TimeSpan.Zero;

    public void TrialStarted() => IsOnTrial = true;

    /// <summary>At least one record of the signal was taken.</summary>
    public void Taken() => (_refusals, _trials, IsOnTrial) = (0, 0, false);

    /// <summary>A content was refused.</summary>
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

    /// <summary>A trial was not taken, or the signal was just closed: the next trial waits twice as long as the last one.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void TrialEnded(DateTimeOffset now, double random) =>
        (_untilTrial, IsOnTrial) = (new(now, Trials.DelayAfter(++_trials, null, random)), false);
}
