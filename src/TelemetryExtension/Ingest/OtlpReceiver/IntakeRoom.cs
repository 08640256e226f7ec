using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>The memory behind the intake.</summary>
/// <param name="HasRoom">Whether a request of so many bytes finds room now; asked before its body is read.</param>
/// <param name="LargestRequest">The largest request that finds room when everything is empty: a larger one would be refused for ever.</param>
/// <param name="LargestBody">The largest body, as the pool hands it out, that the channel can hold.</param>
internal sealed record IntakeRoom(Func<long, bool> HasRoom, long LargestRequest, long LargestBody)
{
    /// <summary>Only the sink decides.</summary>
    public static readonly IntakeRoom Unlimited = new(static _ => true, long.MaxValue, long.MaxValue);

    /// <summary>
    /// One budget for what waits before and behind the flush. A quarter stays free for the copies that are being sent and for garbage that is not collected
    /// yet. The outbox counts for half of the budget at most: a backend that is down must not close the door for ever, and the outbox has files and a
    /// shedding order of its own for what is too much.
    /// </summary>
    /// <param name="outboxBytes">What the outbox holds in memory now.</param>
    public static IntakeRoom Of(TelemetryChannel channel, BufferOptions options, Func<long> outboxBytes)
    {
        var copies = options.Bytes / 4;
        return new(
            bytes => channel.HasRoomFor(bytes + copies + Math.Min(outboxBytes(), options.Bytes / 2)), channel.LargestBody - copies, channel.LargestBody);
    }
}
