using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Counts the flushes in a row in which one destination gave no answer. After <see cref="MaxHeld"/> of them no invocation waits for it any
/// more: its requests go to the background until an answer comes. Signals that answer meanwhile are not affected. Guarded by the outbox's lock.
/// </summary>
internal sealed class SilentFlushes
{
    public const int MaxHeld = 3;

    private readonly Answering[] _signals = new Answering[3];
    private int _flushes;

    private enum Answering : byte
    {
        Unknown,
        Answers,
        Silent,
    }

    /// <summary>Whether requests of this signal belong to the background.</summary>
    public bool IsSilent(Signal signal) => _flushes >= MaxHeld && _signals[(int)signal] != Answering.Answers;

    /// <summary>A flush that made requests has ended.</summary>
    /// <param name="answered">Signals with at least one answer, whatever it was.</param>
    /// <param name="silent">Signals whose requests all got none.</param>
    /// <param name="isHeld">Whether an invocation may have waited for it.</param>
    public void FlushEnded(IEnumerable<Signal> answered, IEnumerable<Signal> silent, bool isHeld)
    {
        foreach (var signal in answered)
            _signals[(int)signal] = Answering.Answers;
        var anySilent = false;
        foreach (var signal in silent)
        {
            _signals[(int)signal] = Answering.Silent;
            anySilent = true;
        }

        if (anySilent && isHeld)
            _flushes = Math.Min(_flushes + 1, MaxHeld);
        if (Array.IndexOf(_signals, Answering.Silent) >= 0)
            return;
        // An answer in the background may have taken longer than any invocation waits: one more silent flush is then enough.
        _flushes = isHeld ? 0 : Math.Min(_flushes, MaxHeld - 1);
        if (_flushes == 0)
            Array.Clear(_signals);
    }
}
