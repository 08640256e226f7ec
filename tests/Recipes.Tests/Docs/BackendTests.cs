using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>What docs/backends says of backends that take one signal alone.</summary>
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
