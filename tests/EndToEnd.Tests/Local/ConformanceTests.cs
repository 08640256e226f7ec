using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace EndToEnd.Tests.Local;

/// <summary>Checks this extension with the conformance kit for any extension.</summary>
public sealed class ConformanceTests
{
    [Trait("Category", "Slow")]
    [Fact]
    public async Task PublishedLayer_AllChecks_PassAndNothingIsLostThatLambdaDelivered()
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync("conformance", "--extension", Artifacts.LayerZip, "--json");
        Exits.OfThisTest.Saw(new Receiver("the output of the sandbox", IsAws: false), output + errors);
        Assert.True(exitCode == 0, output + errors);
        var checks = JsonNode.Parse(output)!["checks"]!.AsArray().ToDictionary(check => check!["name"]!.GetValue<string>(), check => check!);
        Assert.All(checks.Values, check => Assert.Equal("passed", check["outcome"]!.GetValue<string>()));
        string[] lossy =
        [
            "telemetry-corrupted", "telemetry-dropped", "telemetry-unsupported", "telemetry-refused", "telemetry-500",
            "backend-slow", "backend-500", "backend-401", "backend-partial",
        ];
        Assert.All(checks.Where(check => !lossy.Contains(check.Key)), check => Assert.Equal((check.Key, 0), (check.Key, (int)check.Value["lost"]!)));
    }
}
