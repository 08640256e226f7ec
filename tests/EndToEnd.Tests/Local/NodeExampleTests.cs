using System.Text.Json.Nodes;
using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using LambdaSandbox.Tests.Testing;

namespace EndToEnd.Tests.Local;

/// <summary>The example of docs/runtimes/nodejs.md, as a user would run it: Node's own runtime client, the wrapper, the SDK in the function.</summary>
public sealed class NodeExampleTests
{
    [Fact]
    public async Task Handler_WithItsOwnSdk_JoinsTheTraceOfItsInvocation()
    {
        var client = NodeClients.Folder;
        using var folder = new TemporaryFolder();
        foreach (var file in (string[])["index.mjs", "telemetry.mjs", "package.json"])
            File.Copy(Repository.Path("infra/nodejs", file), folder.File(file));
        Directory.CreateSymbolicLink(folder.File("node_modules"), Path.Combine(NodeFunction.Folder, "node_modules"));
        var exported = Path.GetTempFileName();
        try
        {
            var (exitCode, output, errors) = await SandboxProgram.RunAsync(
                "run", "--layer", Artifacts.LayerZip, "--function", folder.Path, "--handler", "index.handler", "--runtime-client", client,
                "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper", "--env", "NODE_OPTIONS=--import ./telemetry.mjs",
                "--name", "orders", "--timeout", "20s", "--invoke", "{\"id\":\"1\"}", "--invoke", "{\"id\":\"2\"}", "--export", exported);
            Exits.OfThisTest.Saw(new Receiver("the output of the sandbox", IsAws: false), output + errors);
            Assert.True(exitCode == 0, output + errors);

            var spans = await SpansAsync(exported);
            Assert.Equal(2, spans.Count(span => span.Name == "charge"));
            foreach (var charge in spans.Where(span => span.Name == "charge"))
            {
                var handler = Assert.Single(spans, span => span.Id == charge.Parent);
                var invocation = Assert.Single(spans, span => span.Id == handler.Parent);
                Assert.Equal(("orders", charge.Trace), (invocation.Name, invocation.Trace));
            }
        }
        finally
        {
            File.Delete(exported);
        }
    }

    private static async Task<List<(string Name, string Trace, string Id, string Parent)>> SpansAsync(string file)
    {
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        return [.. lines.Select(line => JsonNode.Parse(line)!["resourceSpans"]).OfType<JsonArray>()
            .SelectMany(resources => resources.SelectMany(resource => resource!["scopeSpans"]!.AsArray().SelectMany(scope => scope!["spans"]!.AsArray())))
            .Select(span => ((string)span!["name"]!, (string)span["traceId"]!, (string)span["spanId"]!, (string?)span["parentSpanId"] ?? ""))];
    }
}
