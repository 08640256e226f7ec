namespace TelemetryExtension.Processing.Redaction;

/// <summary>Finds one kind of secret in a text. The time grows in proportion to the text.</summary>
internal interface ISecretDetector
{
    /// <summary>The text that replaces a secret, such as <c>[redacted:jwt]</c>.</summary>
    ReadOnlyMemory<byte> Replacement { get; }

    /// <summary>
    /// Finds the first secret that starts at <paramref name="from"/> or later. A detector may also look at the text in front of it. The first call for each
    /// text starts at 0.
    /// </summary>
    /// <param name="text">Valid UTF-8.</param>
    bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end);
}
