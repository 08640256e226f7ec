namespace LambdaSandbox.Conformance;

/// <summary>The medians that the extension adds to the same function without it.</summary>
/// <param name="InitMs">Milliseconds added to the init.</param>
/// <param name="InvocationMs">Milliseconds added to an invocation.</param>
/// <param name="CpuMs">Processor time per invocation.</param>
/// <param name="MemoryMb">Peak resident memory without child processes.</param>
/// <param name="ShutdownMs">The time from SIGTERM to the extension's exit.</param>
internal sealed record Costs(double InitMs, double InvocationMs, double CpuMs, double MemoryMb, double ShutdownMs)
{
    private const int Rounds = 3;

    private static readonly Scenario Plain = new() { Invocations = [.. Enumerable.Repeat(Played.Answers, 40)] };

    /// <summary>Measures with and without the extension alternately, so that a busy machine affects both alike.</summary>
    /// <returns>Null when the extension does not start, so that nothing can be measured.</returns>
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
