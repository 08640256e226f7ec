using System.Runtime.CompilerServices;
using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Native;

public sealed class MemoryUpkeepTests
{
    private const long Mebibyte = 1024 * 1024;

    [Fact]
    public void Run_MuchAllocatedSinceTheLastTime_CollectsTheOldGenerationOnce()
    {
        var allocated = 16 * Mebibyte;
        var upkeep = new MemoryUpkeep(() => allocated);
        var garbage = Garbage();

        Assert.True(upkeep.Run());
        Assert.False(garbage.IsAlive);
        Assert.False(upkeep.Run());
        allocated += 4 * Mebibyte;
        Assert.True(upkeep.Run());
    }

    /// <summary>The work would take more CPU than the first invocations themselves.</summary>
    [Fact]
    public void Run_FirstInvocations_AreSpared()
    {
        var upkeep = new MemoryUpkeep(static () => 5 * Mebibyte);

        Assert.All(Enumerable.Range(0, 20), _ => Assert.False(upkeep.Run()));
        Assert.True(upkeep.Run());
    }

    [Fact]
    public void Run_LittleAllocated_DoesNothing()
    {
        var upkeep = new MemoryUpkeep(static () => (4 * Mebibyte) - 1);

        Assert.False(upkeep.Run());
    }

    // In a separate method, so that no local variable keeps it alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Garbage() => new(new byte[Mebibyte]);
}
