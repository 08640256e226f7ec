using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Native;

public sealed class StartUpPagesTests
{
    private static readonly string[] Counts = ["Shared_Dirty", "Private_Dirty", "Anonymous", "Swap"];

    private const string Binary = "/opt/extensions/telemetry-extension";

    /// <summary>This process keeps running after its executable's pages are dropped.</summary>
    [Fact]
    public void Release_OfARunningProcess_DropsReadOnlyPagesAndTheProcessContinues()
    {
        Assert.InRange(StartUpPages.Release(), 4096, 1L << 30);
        Assert.InRange(StartUpPages.Release(), 4096, 1L << 30);
    }

    [Fact]
    public void Unchanged_OnlyPagesOfTheFile_IsTheMapping() =>
        Assert.Equal([(0x1000, 0x2000)], Unchanged(Mapping("00001000-00003000 r-xp", Binary)));

    /// <summary>Relocated pages: dirty in memory, in the swap cache, or swapped out, where only Swap counts them.</summary>
    [Theory]
    [InlineData("Private_Dirty")]
    [InlineData("Shared_Dirty")]
    [InlineData("Anonymous")]
    [InlineData("Swap")]
    public void Unchanged_PagesThatTheFileDoesNotHold_IsLeftAlone(string count) => Assert.Equal(
        [(0x5000, 0x1000)],
        Unchanged([.. Mapping("00001000-00003000 r--p", Binary, count), .. Mapping("00005000-00006000 r--p", Binary)]));

    [Theory]
    [InlineData("00001000-00003000 rw-p", Binary)]
    [InlineData("00001000-00003000 r-xp", "/lib/libc.so.6")]
    [InlineData("00001000-00003000 r-xp", "[vdso]")]
    [InlineData("nonsense r-xp", Binary)]
    public void Unchanged_OtherMappings_AreLeftAlone(string range, string file) => Assert.Empty(Unchanged(Mapping(range, file)));

    /// <summary>A kernel without these counts could hide relocated pages.</summary>
    [Fact]
    public void Unchanged_NoCountOfAnonymousPages_IsLeftAlone() =>
        Assert.Empty(Unchanged(Mapping("00001000-00003000 r-xp", Binary).Where(line => !line.StartsWith("Anonymous", StringComparison.Ordinal))));

    private static IEnumerable<(int Start, int Length)> Unchanged(IEnumerable<string> smaps) =>
        StartUpPages.Unchanged(smaps, Binary).Select(mapping => ((int)mapping.Start, (int)mapping.Length));

    private static IEnumerable<string> Mapping(string range, string file, string? notZero = null) =>
    [
        $"{range} 00001000 fe:00 1234                          {file}",
        "Size:                  8 kB",
        "Private_Clean:         8 kB",
        .. Counts.Select(count => $"{count}:   {(count == notZero ? 4 : 0)} kB"),
        "VmFlags: rd ex mr mw me",
    ];
}
