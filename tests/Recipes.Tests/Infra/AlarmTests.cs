using System.Text.RegularExpressions;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>The alarms count ledger lines by a pattern, which must match the extension's real line.</summary>
public sealed partial class AlarmTests
{
    private static readonly string[] Recipes =
        ["infra/terraform/modules/function-telemetry/main.tf", "infra/cloudformation/function.yaml", "infra/cdk/lib/telemetry-extension.ts"];

    [Fact]
    public async Task Patterns_OfALedgerWithDrops_MatchIt()
    {
        var (ledger, _) = await LayerInSandbox.RunAsync(Repository.Zip("telemetry-extension-layer"), endpointVariable: null);

        Assert.Matches(Dropped(), ledger);
        Assert.DoesNotMatch(DeadLettered(), ledger);
        Assert.Matches(DeadLettered(), ledger.Replace("dead_lettered=0", "dead_lettered=12", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Patterns_OfALedgerWithoutLoss_DoNotMatchIt()
    {
        var (ledger, _) = await LayerInSandbox.RunAsync(Repository.Zip("telemetry-extension-layer"));

        Assert.DoesNotMatch(Dropped(), ledger);
        Assert.DoesNotMatch(DeadLettered(), ledger);
    }

    [Fact]
    public void Patterns_OfAllRecipes_AreTheSame() => Assert.All(Recipes, recipe =>
    {
        var text = File.ReadAllText(Repository.Path(recipe)).Replace("${count}", "dropped", StringComparison.Ordinal);
        Assert.Contains($"%{Dropped()}%", text, StringComparison.Ordinal);
    });

    [GeneratedRegex("telemetry-extension..ledger:.*dropped=[1-9]")]
    private static partial Regex Dropped();

    [GeneratedRegex("telemetry-extension..ledger:.*dead_lettered=[1-9]")]
    private static partial Regex DeadLettered();
}
