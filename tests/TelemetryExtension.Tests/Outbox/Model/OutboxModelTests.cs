using System.Globalization;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>
/// The outbox beside a model under generated actions. TELEMETRY_EXTENSION_MODEL_ACTIONS asks for more of them; a seed that fails belongs into
/// <see cref="Run_SeedThatFailedOnce_KeepsTheModelsPromises"/>.
/// </summary>
public sealed class OutboxModelTests(ITestOutputHelper output)
{
    private const int ActionsInRun = 250;

    private static readonly int Actions =
        int.Parse(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_MODEL_ACTIONS") ?? "120000", CultureInfo.InvariantCulture);

    /// <summary>A shed payload left a batch under its old id (934); payloads that did not wait in a row went into one file (3417).</summary>
    [Theory]
    [InlineData(934)]
    [InlineData(3417)]
    public void Run_SeedThatFailedOnce_KeepsTheModelsPromises(int seed)
    {
        using var run = new OutboxRun(seed);
        run.Run(ActionsInRun);
    }

    [Fact]
    public void Run_GeneratedActions_KeepsTheModelsPromises()
    {
        var failed = new List<string>();
        var done = 0;
        for (var seed = 1; done < Actions && failed.Count < 3; seed++)
        {
            using var run = new OutboxRun(seed);
            try
            {
                run.Run(ActionsInRun);
            }
            catch (ModelViolationException violation)
            {
                failed.Add($"seed {seed}, action {run.Actions}: {violation.Message}");
            }

            done += run.Actions;
        }

        output.WriteLine($"{done} actions");
        Assert.True(failed.Count == 0, string.Join(Environment.NewLine, failed));
    }
}
