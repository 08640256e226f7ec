namespace TelemetryExtension.Export;

/// <summary>The last resort for payloads that no destination took before the environment ended, or within their limits.</summary>
internal interface IDeadLetters
{
    /// <summary>Writes payloads in order until done or cancelled; answers how many it wrote, which are the first ones. Does not throw, not even for cancellation.</summary>
    ValueTask<int> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken);
}
