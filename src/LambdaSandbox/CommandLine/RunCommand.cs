using System.CommandLine;
using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox run`: init, the given invocations with pauses, shutdown.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var options = new RunOptions();
        var run = new Command("run", "Runs a function with layers as Lambda would: init, invocations, shutdown");
        foreach (var option in options.All)
            run.Options.Add(option);
        run.SetAction((parsed, cancellation) => Interruptible.RunAsync(stopping => RunAsync(options, parsed, stopping), cancellation));
        return run;
    }

    private static async Task<int> RunAsync(RunOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        var setup = options.Function.Read(parsed);
        var plan = options.Plan(parsed);
        var verdict = new RunVerdict(parsed.GetValue(options.FailOn)!);
        await using var view = parsed.GetValue(options.View) ? await RunView.StartAsync(setup.Options, cancellation) : null;
        var report = new Reports(
        [
            verdict, parsed.GetValue(options.Function.Json) ? new JsonReport(view) : view is null ? new TextReport() : new ViewReport(view),
        ]);
        await RunAsync(view?.Options ?? setup.Options, setup.Notes, plan, parsed.GetValue(options.Function.Quiet) ? new Quiet(report) : report, cancellation);
        report.Finished(verdict.Failure);
        return verdict.Failure is null ? 0 : 1;
    }

    /// <summary>The run itself, of this command and of the demo.</summary>
    public static async Task<IReadOnlyList<InvocationResult>> RunAsync(
        SandboxOptions options, IReadOnlyList<string> notes, InvocationPlan plan, IReport report, CancellationToken cancellation)
    {
        foreach (var note in notes)
            report.Note(note);
        var ports = EnvironmentPorts.For(options);
        var managed = options.InitializationType == InitializationType.ManagedInstances;
        if (managed)
            options = options with { MaxConcurrency = Math.Max(options.MaxConcurrency, plan.Concurrency) };
        var pool = new EnvironmentPool(
            new PoolOptions(() => ports.Assign(options), managed ? 1 : plan.Concurrency) { InvocationsPerEnvironment = managed ? options.MaxConcurrency : 1 }, report);
        await using (pool)
        {
            await pool.WarmUpAsync(cancellation);
            var results = await plan.RunAsync(pool, cancellation);
            await pool.ShutdownAsync();
            return results;
        }
    }
}
