namespace TelemetryExtension.DeadLetters;

internal enum SinkResult : byte
{
    Written,

    /// <summary>Not these, or not certainly; the next ones may be taken.</summary>
    Failed,

    /// <summary>Neither these nor any others.</summary>
    Unusable,
}

/// <summary>A log that dead letters are written to.</summary>
internal interface IDeadLetterSink
{
    /// <summary>Writes all lines of these letters in order. Never throws.</summary>
    ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken);
}
