using System.Runtime.CompilerServices;
using TelemetryExtension.Lifecycle;

namespace TelemetryExtension.Tests.Lifecycle;

public sealed class MemoryUpkeepTests
{
    [Fact]
    public void Run_MuchAllocatedSinceTheLastTime_CollectsTheOldGenerationOnce()
    {
        var upkeep = new MemoryUpkeep();
        var garbage = Garbage();

        Assert.True(upkeep.Run());
        Assert.False(upkeep.Run());
        Assert.False(garbage.IsAlive);
    }

    // Apart, so that no local keeps it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Garbage() => new(new byte[9 * 1024 * 1024]);
}
