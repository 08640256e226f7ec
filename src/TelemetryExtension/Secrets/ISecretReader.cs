using TelemetryExtension.Configuration;

namespace TelemetryExtension.Secrets;

/// <summary>Reads secrets out of the store that they are in.</summary>
internal interface ISecretReader
{
    /// <summary>Side by side, in as few requests as the stores allow. Never throws: what cannot be read has a reason in place of its text.</summary>
    /// <param name="isFresh">No cache may answer, because what it knows is out of date.</param>
    Task<IReadOnlyList<SecretAnswer>> ReadAsync(IReadOnlyList<SecretSource> sources, bool isFresh, CancellationToken cancellationToken);
}

/// <param name="Text">Null when it cannot be read.</param>
/// <param name="Problem">Why not, for the log.</param>
internal sealed record SecretAnswer(SecretSource Source, string? Text, string? Problem = null)
{
    /// <summary>Keeps the text out of every log line.</summary>
    public override string ToString() => $"{Source}: {Problem ?? "read"}";
}
