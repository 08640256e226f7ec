using System.Diagnostics;
using System.Globalization;
using Simulation.Life;
using TelemetryExtension.Diagnostics;

// FIRST-SEED SEEDS INVOCATIONS: exit code 0 when all of them keep their promises.
Log.Output = static _ => { };
var (first, seeds, invocations) = (Number(0), Number(1), Number(2));
var (watch, done, failed) = (Stopwatch.StartNew(), 0, 0);
var trace = await Task.Run(() => RunAsync(first)).ConfigureAwait(false);
for (var seed = first; seed < first + seeds; seed++)
{
    var current = seed;
    var again = await Task.Run(() => RunAsync(current)).ConfigureAwait(false);
    if (seed == first && again != trace)
    {
        Console.WriteLine($"seed {seed} did not do the same twice");
        failed++;
    }
}

Console.WriteLine($"{done} invocations, {done / watch.Elapsed.TotalSeconds:0} a second, {failed} failures");
return failed > 0 ? 1 : 0;

async Task<int> RunAsync(int seed)
{
    using var run = new LifeRun(seed);
    try
    {
        await run.RunAsync(invocations).ConfigureAwait(false);
    }
    catch (LifeViolationException violation)
    {
        Console.WriteLine($"seed {seed}, invocation {run.Invocations}: {violation.Message}");
        failed++;
    }

    done += run.Invocations;
    return run.Trace.ToHashCode();
}

int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
