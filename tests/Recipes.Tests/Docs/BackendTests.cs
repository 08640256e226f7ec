using System.Text.RegularExpressions;
using Recipes.Tests.Tools;
using YamlDotNet.RepresentationModel;

namespace Recipes.Tests.Docs;

/// <summary>The statements of docs/backends about backends for one signal only, and about those that a compose file starts.</summary>
public sealed partial class BackendTests
{
    [Fact]
    public async Task SecondDestination_WithoutAFirst_GetsTheSignalThatItNames()
    {
        var (ledger, spans) = await LayerInSandbox.RunAsync(
            Repository.Zip("telemetry-extension-layer"), "TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", ("TELEMETRY_EXTENSION_OTLP_2_SIGNALS", "traces"));

        Assert.Contains("init", spans);
        Assert.Matches(@"traces received=(\d+) exported=\1 ", ledger);
    }

    /// <summary>Docker does not run here, so only this much of the compose files is tested.</summary>
    [Theory]
    [InlineData("aspire")]
    [InlineData("collector")]
    [InlineData("grafana")]
    [InlineData("jaeger")]
    public void ComposeFile_PublishesThePortsOfItsPage(string backend)
    {
        var stream = new YamlStream();
        using (var reader = new StreamReader(Repository.Path("infra/backends", backend, "compose.yaml")))
            stream.Load(reader);
        var services = (YamlMappingNode)stream.Documents[0].RootNode["services"];
        var published = services.Children.Values.SelectMany(service => (YamlSequenceNode)service["ports"]).Select(port => port.ToString().Split(':')[^2]).ToHashSet();

        var named = Port().Matches(Pages.Text($"docs/backends/{backend}.md")).Select(match => match.Groups[1].Value).ToHashSet();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(published));
    }

    [GeneratedRegex(@"(?:HOST:|port )(\d+)")]
    private static partial Regex Port();
}
