using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

public sealed class IntakeRoomTests
{
    private const int MiB = 1024 * 1024;
    private static readonly BufferOptions Options = new(8192, 8 * MiB);
    private readonly TelemetryChannel _channel = new(Options, new Ledger());

    /// <summary>Of 8 MiB the channel reserves 1 MiB for platform events, and 2 MiB stay free for copies.</summary>
    [Theory]
    [InlineData(0, 4, true)]
    [InlineData(0, 5, false)]
    [InlineData(3, 1, true)]
    [InlineData(3, 2, false)]
    public void HasRoom_ChannelEmpty_CountsCopiesAndOutbox(int outboxMiB, int requestMiB, bool expected) =>
        Assert.Equal(expected, IntakeRoom.Of(_channel, Options, () => outboxMiB * MiB).HasRoom(requestMiB * MiB));

    [Fact]
    public void HasRoom_OutboxFullOfABackendThatIsDown_StillLetsSmallRequestsIn() =>
        Assert.True(IntakeRoom.Of(_channel, Options, () => long.MaxValue / 2).HasRoom(MiB / 2));

    [Fact]
    public void LargestRequest_EverythingEmpty_JustHasRoom()
    {
        var room = IntakeRoom.Of(_channel, Options, () => 0);

        Assert.True(room.HasRoom(room.LargestRequest));
        Assert.False(room.HasRoom(room.LargestRequest + 1));
    }
}
