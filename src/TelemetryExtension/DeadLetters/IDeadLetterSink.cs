namespace TelemetryExtension.DeadLetters;

internal enum SinkResult : byte
{
    Written,

    /// <summary>It did not, or possibly did not, take these letters. It may take the next ones.</summary>
    Failed,

    /// <summary>It takes no letters any more.</summary>
    Unusable,
}

/// <summary>A log for dead letters.</summary>
internal interface IDeadLetterSink
{
    /// <summary>Writes all lines of these letters in order. Never throws.</summary>
    ValueTask<SinkResult> WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken);
}
