namespace TelemetryExtension.DeadLetters;

/// <summary>A log that dead letters are written to.</summary>
internal interface IDeadLetterSink
{
    /// <summary>Writes all lines of these letters in order; false when it is not certain that all are there. Never throws.</summary>
    ValueTask<bool> TryWriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken);
}
