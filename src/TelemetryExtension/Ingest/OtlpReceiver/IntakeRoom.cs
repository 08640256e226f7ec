namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>The memory behind the intake.</summary>
/// <param name="HasRoom">Whether a request of so many bytes finds room now; asked before its body is read.</param>
/// <param name="LargestRequest">The largest request that finds room when everything is empty: a larger one would be refused for ever.</param>
/// <param name="LargestBody">The largest body, as the pool hands it out, that the channel can hold.</param>
internal sealed record IntakeRoom(Func<long, bool> HasRoom, long LargestRequest, long LargestBody)
{
    /// <summary>Only the sink decides.</summary>
    public static readonly IntakeRoom Unlimited = new(static _ => true, long.MaxValue, long.MaxValue);
}
