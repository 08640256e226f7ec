namespace LambdaSandbox.Conformance;

/// <summary>What the extension adds, against the same function without it: the floor. Medians.</summary>
/// <param name="InitMs">Added to the init.</param>
/// <param name="InvocationMs">Added to an invocation.</param>
/// <param name="CpuMs">Processor time for each invocation.</param>
/// <param name="MemoryMb">Resident, at its highest; without its children.</param>
/// <param name="ShutdownMs">From SIGTERM to its exit.</param>
internal sealed record Costs(double InitMs, double InvocationMs, double CpuMs, double MemoryMb, double ShutdownMs)
{
    private const int Rounds = 3;

    private static readonly Scenario Plain = new() { Invocations = [.. Enumerable.Repeat(Played.Answers, 40)] };

    /// <summary>With and without the extension in turns, so that a busy machine disturbs both alike.</summary>
    /// <returns>Null when it cannot be measured, because the extension does not get that far.</returns>
    public static async Task<Costs?> MeasureAsync(SandboxOptions options, int seed, CancellationToken cancellation)
    {
        List<Trial> with = [];
        List<Trial> without = [];
        for (var round = 0; round < Rounds; round++)
        {
            without.Add(await new TrialRun(options with { Layers = [] }, seed).RunAsync(Plain, cancellation).ConfigureAwait(false));
            var trial = await new TrialRun(options, seed).RunAsync(Plain, cancellation).ConfigureAwait(false);
            if (Rules.Works(trial) is not null)
                return null;
            with.Add(trial);
        }

        return new Costs(
            Added(with, without, trial => trial.Init.Duration.TotalMilliseconds),
            Added(with, without, trial => Median(trial.Invocations.Select(each => each.Duration.TotalMilliseconds))),
            Median(with.Select(trial => trial.CpuTime.TotalMilliseconds / trial.Invocations.Count)),
            Median(with.Select(trial => trial.PeakResidentBytes / (1024.0 * 1024))),
            Median(with.Select(trial => trial.Shutdown!.Extensions.Max(each => each.After).TotalMilliseconds)));
    }

    private static double Added(IEnumerable<Trial> with, IEnumerable<Trial> without, Func<Trial, double> figure) =>
        Math.Max(0, Median(with.Select(figure)) - Median(without.Select(figure)));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[sorted.Count / 2];
    }
}
