using System.Text.Json.Nodes;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Local;

/// <summary>The AWS SDK and Node's runtime interface client, as `make node-clients` installed them.</summary>
internal static class NodeClients
{
    public static string Handler => Repository.Path("tests/EndToEnd.Tests/Local/node-handler");

    /// <summary>Skips the test where they are missing.</summary>
    public static string Folder
    {
        get
        {
            Tool.Require("node");
            var folder = Path.Combine(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? Repository.Path("artifacts"), "node-clients");
            if (!File.Exists(Path.Combine(folder, "installed.stamp")))
                Assert.Skip($"the AWS SDK for JavaScript is not installed in {folder}: run make node-clients");
            return folder;
        }
    }

    /// <param name="mode">invoke or stream.</param>
    public static async Task<JsonNode> InvokeAsync(Uri endpoint, string mode, string payload)
    {
        var result = await Tool.RunAsync(Tool.Require("node"), [Path.Combine(Folder, "invoke.mjs"), endpoint.ToString(), mode, payload]);
        return JsonNode.Parse(result.Output) ?? throw new InvalidOperationException(result.All);
    }
}
