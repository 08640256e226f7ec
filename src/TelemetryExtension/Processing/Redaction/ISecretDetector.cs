namespace TelemetryExtension.Processing.Redaction;

/// <summary>Finds one kind of secret in a text, in time in proportion to the text.</summary>
internal interface ISecretDetector
{
    /// <summary>What stands in the place of a secret: <c>[redacted:jwt]</c>.</summary>
    ReadOnlyMemory<byte> Replacement { get; }

    /// <summary>
    /// Finds the first secret that starts at <paramref name="from"/> or later. What stands before may tell what it is. For each text the first call
    /// is from 0.
    /// </summary>
    /// <param name="text">Valid UTF-8.</param>
    bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end);
}
