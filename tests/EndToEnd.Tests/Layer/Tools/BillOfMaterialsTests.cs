using System.Text.Json.Nodes;
using LayerTools;

namespace EndToEnd.Tests.Layer.Tools;

public class BillOfMaterialsTests
{
    private const string Document = """{"bomFormat":"CycloneDX","metadata":{"timestamp":"2026-11-27T09:23:38Z"},"components":[{"name":"a"}]}""";

    [Fact]
    public void Complete_LinkedLibraries_StandBesideThePackages()
    {
        var bill = JsonNode.Parse(BillOfMaterials.Complete(Document, ["openssl=3.0.19=Apache-2.0"]))!;

        Assert.Equal(["a", "openssl"], bill["components"]!.AsArray().Select(component => (string?)component!["name"]));
        Assert.Equal(("3.0.19", "Apache-2.0"), ((string?)bill["components"]![1]!["version"], (string?)bill["components"]![1]!["licenses"]![0]!["expression"]));
    }

    [Fact]
    public void Complete_Time_IsLeftOutSoThatTheSameBuildGivesTheSameBytes() =>
        Assert.DoesNotContain("timestamp", BillOfMaterials.Complete(Document, []), StringComparison.Ordinal);

    [Theory]
    [InlineData("openssl")]
    [InlineData("openssl==Apache-2.0")]
    public void Complete_IncompleteEntry_Fails(string linked) =>
        Assert.Throws<InvalidDataException>(() => BillOfMaterials.Complete(Document, [linked]));
}
