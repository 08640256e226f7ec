using System.Numerics;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Remembers that a destination refuses a signal whatever is in it. After <see cref="RefusalsBeforeClosed"/> refused requests in a row,
/// counted by content and not by the pieces of it, the signal is closed: nothing of it is sent. One trial request goes out after about
/// 30 seconds, then after twice the time, up to about 15 minutes. A trial that is taken opens the signal again. Also remembers that a destination
/// takes only parts of the signal: finding those costs requests that no invocation should wait for. Guarded by the outbox's lock.
/// </summary>
internal sealed class SignalRefusal
{
    public const int RefusalsBeforeClosed = 3;

    /// <summary>
    /// Single records from all over a refused content that are tried before anything else. When none of them is taken, neither is the rest,
    /// as far as anybody can tell: nine in ten records would have to be bad for it to be likely.
    /// </summary>
    public const int Samples = 4;

    /// <summary>So many contents in a row that were taken in part move the signal to the background.</summary>
    public const int PartsBeforeBackground = 3;

    /// <summary>So many refused requests in a row let a flush send one request, until that is taken.</summary>
    private const int InARowBeforeDoubt = 2;

    /// <summary>
    /// Finding one bad record among n takes about log2(n) refusals in a row. Requests go out side by side, so the halves of several bad pieces are
    /// refused before a good one is reached: 16 bad ones, evenly spread, cost 31 refusals in a row.
    /// </summary>
    private const int InARowBesidesLog = 54;

    /// <summary>Half of a delay is random: environments that were refused together do not try together.</summary>
    private static readonly RetrySchedule Trials = new(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(15));

    private int _refusals;
    private int _inARow;
    private int _samples;
    private int _inPart;
    private int _trials;
    private Pause _untilTrial;

    public bool IsClosed => _refusals >= RefusalsBeforeClosed;

    /// <summary>Of all refusals so far. Contents whose requests were under way together count as one.</summary>
    public int Count { get; private set; }

    /// <summary>A trial request is under way.</summary>
    public bool IsOnTrial { get; private set; }

    /// <summary>What the last refusal was about: true when the content itself was refused, so that nobody takes it later either.</summary>
    public bool IsAboutContent { get; private set; }

    /// <summary>Nothing was taken lately: one request tells more than many.</summary>
    public bool IsDoubted => _inARow >= InARowBeforeDoubt;

    /// <summary>The destination takes something of each content, but never all of it.</summary>
    public bool IsTakenInPart => _inPart >= PartsBeforeBackground;

    /// <summary>How many samples of the next refused content are worth a request, given those that were refused before.</summary>
    public int SamplesLeft => Math.Max(Samples - _samples, 0);

    /// <summary>How many refusals in a row the pieces of a content may cost, once one of them was taken.</summary>
    public static int MaxInARow(int records) => BitOperations.Log2((uint)Math.Max(records, 1)) + InARowBesidesLog;

    public bool IsTrialDue(DateTimeOffset now) => IsClosed && !IsOnTrial && _untilTrial.LeftAt(now) == TimeSpan.Zero;

    public void TrialStarted() => IsOnTrial = true;

    /// <summary>At least one record of the signal was taken.</summary>
    public void Taken() => (_refusals, _inARow, _samples, _trials, IsOnTrial) = (0, 0, 0, 0, false);

    /// <summary>A content was taken without a refusal.</summary>
    public void TakenWhole() => _inPart = 0;

    /// <summary>The first piece of a content was taken, after others were refused for what they are.</summary>
    /// <returns>True when this moves the signal to the background.</returns>
    public bool TakenInPart() => ++_inPart == PartsBeforeBackground;

    /// <summary>A request was refused.</summary>
    public void RequestRefused() => _inARow++;

    /// <summary>A single record was refused, or a piece of a content of which nothing was taken.</summary>
    public void SampleRefused() => _samples++;

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
