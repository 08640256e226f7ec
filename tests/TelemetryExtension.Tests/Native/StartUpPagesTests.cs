using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Native;

public sealed class StartUpPagesTests
{
    /// <summary>This very process goes on afterwards, with the host's executable dropped under it.</summary>
    [Fact]
    public void Release_OfARunningProcess_DropsWhatIsReadOnlyAndTheProcessGoesOn()
    {
        Assert.InRange(StartUpPages.Release(), 4096, 1L << 30);
        Assert.InRange(StartUpPages.Release(), 4096, 1L << 30);
    }
}
