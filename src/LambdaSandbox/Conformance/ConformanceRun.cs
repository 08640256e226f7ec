using System.Diagnostics;

namespace LambdaSandbox.Conformance;

/// <param name="Costs">The costs, or null when they were not measured.</param>
internal sealed record ConformanceResult(string Extension, IReadOnlyList<Finding> Findings, Costs? Costs)
{
    public int Failed => Findings.Count(finding => finding.Outcome == Outcome.Failed);
}

/// <summary>Runs checks against an extension, one after the other.</summary>
internal sealed class ConformanceRun(SandboxOptions options, int seed)
{
    private const int LastLines = 5;

    /// <param name="onFinding">Called with each finding when it is known.</param>
    public async Task<IReadOnlyList<Finding>> RunAsync(IEnumerable<Check> checks, Action<Finding> onFinding, CancellationToken cancellation)
    {
        List<Finding> findings = [];
        bool? sendsLogs = null;
        foreach (var check in checks)
        {
            sendsLogs ??= (await new TrialRun(options, seed).RunAsync(new Scenario(), cancellation).ConfigureAwait(false)).Arrived > 0;
            var finding = await RunAsync(check, sendsLogs.Value, cancellation).ConfigureAwait(false);
            findings.Add(finding);
            onFinding(finding);

            // Stop here: every other check would wait for a whole init and fail in the same way.
            if (check.Judge == Rules.Registers && finding.Outcome == Outcome.Failed)
                break;
        }

        return findings;
    }

    private async Task<Finding> RunAsync(Check check, bool sendsLogs, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var trial = await new TrialRun(options, seed).RunAsync(check.Scenario, cancellation).ConfigureAwait(false);
        var problem = check.Judge(trial);
        var outcome = problem is null ? Outcome.Passed : check.IsOptional ? Outcome.Unsupported : Outcome.Failed;
        return new Finding(
            check, outcome, problem, trial.Lines, sendsLogs ? trial.Lines - trial.Arrived : null, watch.Elapsed,
            problem is null ? [] : [.. trial.Printed.TakeLast(LastLines)]);
    }
}
