namespace TelemetryExtension.Flushing;

/// <summary>
/// Judges from the gaps between invocations whether the next one will come soon enough to leave data waiting for it. Nobody can know
/// that a burst is over; so a rhythm must prove itself by a number of short gaps in a row, and each time data was
/// left waiting over a long gap that number grows fourfold (5, 20, 80, 320), until long steady runs earn it back.
/// </summary>
/// <param name="longGap">A gap as long as this is not to be bridged.</param>
internal sealed class InvocationRhythm(TimeSpan longGap)
{
    public const int FirstProof = 5;
    public const int LongestProof = 320;
    private const int Remembered = 20;

    private readonly TimeSpan[] _gaps = new TimeSpan[Remembered];
    private TimeSpan? _last;
    private int _proof = FirstProof;
    private int _run;

    /// <summary>Enough short gaps in a row, and the last one among them.</summary>
    public bool IsSteady => _run >= _proof;

    /// <summary>The longest gap to expect, judging from the last ones; meaningful while steady.</summary>
    public TimeSpan ExpectedGap
    {
        get
        {
            var longest = TimeSpan.Zero;
            for (var i = 0; i < Math.Min(_run, Remembered); i++)
            {
                var gap = _gaps[(_run - 1 - i) % Remembered];
                if (gap > longest)
                    longest = gap;
            }

            return longest;
        }
    }

    /// <param name="now">By a clock that counts freezes and never goes back.</param>
    /// <param name="dataWaited">Something was left unflushed over this gap.</param>
    public void Invoked(TimeSpan now, bool dataWaited)
    {
        var gap = now - _last;
        _last = now;
        if (gap is not { } passed)
            return;
        if (passed < longGap)
        {
            _gaps[_run % Remembered] = passed;
            _run++;
            // Ten times the proof without a disappointment: trust a little sooner next time.
            if (_run % (10 * _proof) == 0 && _proof > FirstProof)
                _proof /= 4;
            return;
        }

        if (dataWaited && IsSteady)
            _proof = Math.Min(_proof * 4, LongestProof);
        _run = 0;
    }
}
