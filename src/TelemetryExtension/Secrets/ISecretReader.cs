using TelemetryExtension.Configuration;

namespace TelemetryExtension.Secrets;

/// <summary>Reads secrets from their stores.</summary>
internal interface ISecretReader
{
    /// <summary>Reads all of them concurrently. Never throws: the answer for an unreadable secret has a reason instead of a text.</summary>
    /// <param name="isFresh">Whether no cache may answer, because a cached text may be out of date.</param>
    Task<IReadOnlyList<SecretAnswer>> ReadAsync(IReadOnlyList<SecretSource> sources, bool isFresh, CancellationToken cancellationToken);
}

/// <param name="Text">Null when the secret is unreadable.</param>
/// <param name="Problem">The reason for the log.</param>
internal sealed record SecretAnswer(SecretSource Source, string? Text, string? Problem = null)
{
    /// <summary>Keeps the text out of every log line.</summary>
    public override string ToString() => $"{Source}: {Problem ?? "read"}";
}
