using System.Globalization;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Ten seconds of one fixed seed in the test suite, so that a failure is due to the change and not to chance. `make soak` runs minutes of random seeds, and
/// `make soak SOAK_SECONDS=... SOAK_SEED=...` repeats one.
/// </summary>
public sealed class SoakTests
{
    [Trait("Category", "Slow")]
    [Fact]
    public async Task Random_faults_for_a_while_and_every_record_is_accounted_for()
    {
        var isAlone = Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_SOAK_SECONDS") is { Length: > 0 };
        var seconds = Number("TELEMETRY_EXTENSION_SOAK_SECONDS", 10);
        var seed = Number("TELEMETRY_EXTENSION_SOAK_SEED", isAlone ? Random.Shared.Next(1_000_000) : 33334);
        TestContext.Current.TestOutputHelper?.WriteLine($"{seconds} s; again with SOAK_SEED={seed}");
        // A run is one environment with one strategy and protocol. A long soak has many of them, each with its own seed.
        for (var run = 0; run * 20 < seconds; run++)
            await new Soak(seed + run, TimeSpan.FromSeconds(Math.Min(20, seconds - (run * 20)))).RunAsync();
    }

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : fallback;
}
