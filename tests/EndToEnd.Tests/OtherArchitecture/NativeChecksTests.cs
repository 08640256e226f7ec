using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.OtherArchitecture;

/// <summary>tests/NativeChecks, compiled for arm64: the channel under stress, the OTLP writer, the spool's format.</summary>
public class NativeChecksTests
{
    [Trait("Category", "Slow")]
    [Fact]
    public async Task NativeChecks_OnArm64_AllHold()
    {
        var program = Repository.Path("artifacts", "build", "linux-arm64", "native-checks", "native-checks");
        if (!File.Exists(program))
            Assert.Skip($"{program} is missing; build it, or see why that fails, with: make -C layer native-checks ARCHITECTURE=arm64");

        var result = await Tool.RunAsync(await EmulatedLambda.EmulatorAsync(), [program]);

        TestContext.Current.TestOutputHelper?.WriteLine(result.All);
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(8, result.Output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }
}
