using System.Diagnostics;
using System.Globalization;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>
/// The loop and everything behind it in simulated time, in a process of its own whose pool has one thread: only then does a seed do the same twice.
/// TELEMETRY_EXTENSION_LIFE_SEEDS asks for more seeds; one that fails is kept as a test here.
/// </summary>
public sealed class LifeSimulationTests(ITestOutputHelper output)
{
    private const int Invocations = 250;

    [Fact]
    public async Task Run_ManySeeds_KeepTheirPromises() =>
        await RunAsync(1, int.Parse(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_LIFE_SEEDS") ?? "30", CultureInfo.InvariantCulture));

    private async Task RunAsync(int seed, int seeds)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Simulation"), [$"{seed}", $"{seeds}", $"{Invocations}"]) { RedirectStandardOutput = true };
        using var simulation = Process.Start(start)!;
        var said = await simulation.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await simulation.WaitForExitAsync(TestContext.Current.CancellationToken);
        output.WriteLine(said);
        Assert.True(simulation.ExitCode == 0, said);
    }
}
