using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Counts the consecutive flushes in which one destination gave no answer. After <see cref="MaxSilentFlushes"/> of them no invocation waits for it any more: its
/// requests are sent in the background until an answer comes as quickly as an invocation could wait. Signals that get answers are not affected. Guarded by the outbox's lock.
/// </summary>
internal sealed class SilentFlushes
{
    public const int MaxSilentFlushes = 2;

    private readonly Answering[] _signals = new Answering[3];
    private int _flushes;

    private enum Answering : byte
    {
        Unknown,
        Answers,
        Silent,
    }

    /// <summary>Whether requests of this signal are sent in the background.</summary>
    public bool IsSilent(Signal signal) => _flushes >= MaxSilentFlushes && _signals[(int)signal] != Answering.Answers;

    /// <summary>Records the end of a flush that sent requests.</summary>
    /// <param name="answered">Signals with at least one answer, except for a failure that is retried.</param>
    /// <param name="silent">Signals whose requests got no answer.</param>
    /// <param name="isBlocking">Whether an invocation may have waited for the flush.</param>
    /// <param name="isQuick">Whether an invocation could have waited for all answers.</param>
    public void FlushEnded(IReadOnlyCollection<Signal> answered, IEnumerable<Signal> silent, bool isBlocking, bool isQuick)
    {
        // A backend with a long queue answers after seconds. A request that an invocation cuts off costs it the same work, and is sent again.
        if (!isBlocking && !isQuick && answered.Count > 0)
            return;
        foreach (var signal in answered)
            _signals[(int)signal] = Answering.Answers;
        var anySilent = false;
        foreach (var signal in silent)
        {
            _signals[(int)signal] = Answering.Silent;
            anySilent = true;
        }

        if (anySilent && isBlocking)
            _flushes = Math.Min(_flushes + 1, MaxSilentFlushes);
        if (Array.IndexOf(_signals, Answering.Silent) >= 0)
            return;
        // The next flush may be slower again. Then one silent flush is enough to return to the background.
        _flushes = isBlocking ? 0 : Math.Min(_flushes, MaxSilentFlushes - 1);
        if (_flushes == 0)
            Array.Clear(_signals);
    }
}
