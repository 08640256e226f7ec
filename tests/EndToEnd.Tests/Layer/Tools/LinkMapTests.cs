using LayerTools;

namespace EndToEnd.Tests.Layer.Tools;

public class LinkMapTests
{
    private static readonly LinkMap Map = LinkMap.Read(
    [
        "Archive member included to satisfy reference by file (symbol)",
        " .text          0x0000000000001000       0x10 before-the-map.o",
        "Linker script and memory map",
        " .text          0x0000000000401000       0x20 /usr/lib/libc.a(malloc.o)",
        "                0x0000000000401000                malloc",
        " .rodata.a_name_too_long_for_the_column",
        "                0x0000000000402000       0x08 /usr/lib/libc.a(malloc.o)",
        " .text          0x0000000000000000       0x99 /usr/lib/libc.a(dropped.o)",
        " .bss           0x0000000000409000       0x40 /usr/lib/libc.a(malloc.o)",
        " .debug_info    0x0000000000500000       0x70 /usr/lib/libc.a(malloc.o)",
        " __managedcode  0x0000000000403000     0x1000 obj/Release/net10.0/linux-x64/native/telemetry-extension.o",
        "                0x0000000000403000                TelemetryExtension_Program__Main",
    ]);

    [Fact]
    public void Read_Sections_CountWhatIsLoadedFromTheFile()
    {
        Assert.Equal(
            [("/usr/lib/libc.a(malloc.o)", 0x28L), ("obj/Release/net10.0/linux-x64/native/telemetry-extension.o", 0x1000L)],
            Map.BytesByFile.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public void Read_Symbols_AreThoseOfManagedCode() => Assert.Equal(["TelemetryExtension_Program__Main"], Map.Symbols);
}
