using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>Decides whether a request fits into the memory behind the intake.</summary>
/// <param name="HasRoom">Whether a request of this size fits now. Called before its body is read.</param>
/// <param name="LargestRequest">The largest request that fits when everything is empty. A larger one would be refused for ever.</param>
/// <param name="LargestBody">The largest body, with the size that the pool hands out, that the channel can hold.</param>
internal sealed record IntakeRoom(Func<long, bool> HasRoom, long LargestRequest, long LargestBody)
{
    /// <summary>No limit except the sink's own.</summary>
    public static readonly IntakeRoom Unlimited = new(static _ => true, long.MaxValue, long.MaxValue);

    /// <summary>
    /// One budget for what waits before and after the flush. A quarter stays free for the copies that are being sent and for garbage that is not collected
    /// yet. The outbox counts for at most half of the budget: otherwise a backend that is down would block the intake for ever, while the outbox has its
    /// own files and shedding order for an excess.
    /// </summary>
    /// <param name="outboxBytes">The bytes that the outbox holds in memory now.</param>
    public static IntakeRoom Of(TelemetryChannel channel, BufferOptions options, Func<long> outboxBytes)
    {
        var copies = options.Bytes / 4;
        return new(
            bytes => channel.HasRoomFor(bytes + copies + Math.Min(outboxBytes(), options.Bytes / 2)), channel.LargestBody - copies, channel.LargestBody);
    }
}
