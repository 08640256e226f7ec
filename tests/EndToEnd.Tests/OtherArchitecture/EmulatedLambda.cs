using System.Runtime.InteropServices;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.OtherArchitecture;

/// <summary>
/// The arm64 layer and function under qemu. Emulated code is slow, so every limit is wide and nothing is timed. The emulator has this host's strong memory
/// order, so it does not show a missing fence (docs/decisions/0002).
/// </summary>
internal static class EmulatedLambda
{
    private static readonly Lazy<Task<ToolResult>> Qemu = new(() => Tool.RunAsync(Repository.Path("infra", "dev", "qemu.sh"), ["aarch64"]));

    /// <summary>Skips the test where the layer or the emulator is missing, and says why.</summary>
    public static async Task<LambdaUnderTest> StartAsync(OtlpBackendOptions backend, params IReadOnlyList<(string Name, string? Value)> environment)
    {
        var (layer, function, emulator) = (Artifacts.ForArm64("telemetry-extension-layer"), Artifacts.ForArm64("demo-function"), await EmulatorAsync());
        return await LambdaUnderTest.StartAsync(
            backend,
            options => options with
            {
                LayerZip = layer,
                FunctionZip = function,
                Emulator = [emulator],
                MemorySizeMb = 512,
                InitTimeout = TimeSpan.FromSeconds(60),
                Timeout = TimeSpan.FromSeconds(60),
                ShutdownBudget = TimeSpan.FromSeconds(30),
                RuntimeShutdownShare = TimeSpan.FromSeconds(5),
            },
            [(FaultRun.Budget, "10000"), .. environment]);
    }

    public static Task<LambdaUnderTest> StartAsync(params IReadOnlyList<(string Name, string? Value)> environment) => StartAsync(new OtlpBackendOptions(), environment);

    /// <summary>Orders whose invocations must succeed, however long they take.</summary>
    public static async Task<IReadOnlyList<InvocationResult>> EmulatedOrdersAsync(this LambdaUnderTest lambda, int count)
    {
        var results = new List<InvocationResult>();
        for (var number = 0; number < count; number++)
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}")));
        return results;
    }

    public static async Task<string> EmulatorAsync()
    {
        if (RuntimeInformation.OSArchitecture == Architecture.Arm64)
            Assert.Skip("this machine is arm64: the other tests run the arm64 layer natively");
        var qemu = await Qemu.Value;
        if (qemu.ExitCode != 0)
            Assert.Skip(qemu.Errors.Trim());
        return qemu.Output.Trim();
    }
}
