using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>The statements of docs/backends about backends for one signal only.</summary>
public sealed class BackendTests
{
    [Fact]
    public async Task SecondDestination_WithoutAFirst_GetsTheSignalThatItNames()
    {
        var (ledger, spans) = await LayerInSandbox.RunAsync(
            Repository.Zip("telemetry-extension-layer"), "TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", ("TELEMETRY_EXTENSION_OTLP_2_SIGNALS", "traces"));

        Assert.Contains("init", spans);
        Assert.Matches(@"traces received=(\d+) exported=\1 ", ledger);
    }
}
