using EndToEnd.Tests.Tools;
using LayerTools;

namespace EndToEnd.Tests.Layer.Tools;

public class StartupOrderTests
{
    /// <summary>Below this share the order belongs to another version: run layer/startup-order.sh again.</summary>
    private const double LeastShare = 0.85;

    [Fact]
    public void Read_Log_EachNameOnceInOrder()
    {
        Assert.Equal(["main", "read"], StartupOrder.Read(["----", "IN: main", "0x00401000:  push %rbp", "IN: read", "IN: main", "IN: ", "IN:"]));
    }

    [Fact]
    public void Share_SomeNamesGone_IsWhatIsLeft()
    {
        Assert.Equal(0.5, StartupOrder.Share(["a", "b"], new HashSet<string> { "b", "c" }));
        Assert.Equal(0, StartupOrder.Share([], new HashSet<string> { "a" }));
    }

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("linux-arm64")]
    public void CommittedOrder_BinaryOfTheseSources_StillHasItsFunctions(string rid)
    {
        var map = Repository.Path("artifacts", "build", rid, "telemetry-extension.size", "link.map");
        if (!File.Exists(map))
            Assert.Skip($"{map} is missing: make layer ARCHITECTURE=all writes it");
        var names = File.ReadAllLines(Repository.Path("layer", "TelemetryExtension", "startup-order.txt"));

        var share = StartupOrder.Share(names, LinkMap.Read(File.ReadLines(map)).Symbols);

        TestContext.Current.TestOutputHelper?.WriteLine($"{share:P1} of {names.Length} functions");
        Assert.True(names.Length > 1000 && share >= LeastShare, $"only {share:P1} of {names.Length} functions exist in {map}: run layer/startup-order.sh and commit the list");
    }
}
