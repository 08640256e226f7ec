using LambdaSandbox;
using LambdaSandbox.Backend;

namespace Recipes.Tests.Tools;

/// <summary>Starts a layer in the local Lambda with the demo function, and returns the result.</summary>
internal static class LayerInSandbox
{
    /// <param name="layer">A zip or a folder.</param>
    /// <param name="endpointVariable">The variable for the backend. Without one the extension has no destination and drops everything.</param>
    /// <param name="more">Other variables.</param>
    /// <returns>The ledger line of the extension, and the names of the spans that arrived.</returns>
    public static async Task<(string Ledger, IReadOnlyList<string> Spans)> RunAsync(
        string layer, string? endpointVariable = "TELEMETRY_EXTENSION_OTLP_ENDPOINT", params (string Name, string Value)[] more)
    {
        var lines = new List<string>();
        var spool = Directory.CreateDirectory($"/var/tmp/telemetry-extension-recipes-{Guid.NewGuid():N}").FullName;
        await using var backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
            ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            ["TELEMETRY_EXTENSION_SPOOL_DIRECTORY"] = spool,
        };
        if (endpointVariable is not null)
            environment[endpointVariable] = backend.HttpUrl;
        foreach (var (name, value) in more)
            environment[name] = value;
        try
        {
            await using var sandbox = await Sandbox.StartAsync(
                new SandboxOptions
                {
                    LayerZip = Directory.Exists(layer) ? null : layer,
                    LayerDirectory = Directory.Exists(layer) ? layer : null,
                    FunctionZip = Repository.Zip("demo-function"),
                    Environment = environment,
                    OnLine = (source, line) =>
                    {
                        if (source != "telemetry-extension")
                            return;
                        lock (lines)
                            lines.Add(line);
                    },
                },
                TestContext.Current.CancellationToken);
            var result = await sandbox.InvokeAsync("""{"order":{"id":"1"}}""", TestContext.Current.CancellationToken);
            Assert.True(result.Succeeded, result.ToString());
            await sandbox.ShutdownAsync(cancellation: TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(spool, recursive: true);
        }

        lock (lines)
            return (lines.Last(line => line.Contains("ledger:", StringComparison.Ordinal)), [.. backend.Spans.Select(received => received.Span.Name)]);
    }
}
