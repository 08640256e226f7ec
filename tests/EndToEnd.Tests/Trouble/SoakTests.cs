using System.Globalization;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Ten seconds of one seed among the tests, so that what fails there is the change and not the dice; minutes of random ones by `make soak`, or again of
/// one by `make soak SOAK_SECONDS=... SOAK_SEED=...`.
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
        // A run is one environment with one strategy and protocol; a long soak is many of them, each with a seed of its own.
        for (var run = 0; run * 20 < seconds; run++)
            await new Soak(seed + run, TimeSpan.FromSeconds(Math.Min(20, seconds - (run * 20)))).RunAsync();
    }

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : fallback;
}
