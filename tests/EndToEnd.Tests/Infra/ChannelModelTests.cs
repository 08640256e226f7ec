using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Infra;

/// <summary>
/// Checks the lock-free channel under the Arm memory model, which no test on this machine can show: SPIN finds no error in the model, and one in every
/// variant that lacks one ordering (docs/decisions/0002).
/// </summary>
public class ChannelModelTests
{
    [Trait("Category", "Slow")]
    [Fact]
    public async Task Model_CheckedBySpin_HoldsAndNeedsEveryOrdering()
    {
        Tool.Require("spin");
        Tool.Require("gcc");

        var result = await Tool.RunAsync(Repository.Path("infra", "model", "check.sh"), []);

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(6, result.Output.Split('\n').Count(line => line.StartsWith("error found:", StringComparison.Ordinal)));
    }
}
