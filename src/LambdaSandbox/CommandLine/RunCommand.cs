using System.CommandLine;
using LambdaSandbox.Trouble;
using LambdaSandbox.Serving;
using LambdaSandbox.View;

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
        var (shows, file) = (parsed.GetValue(options.View), parsed.GetValue(options.Export));
        await using var view = shows || file is not null ? await RunView.StartAsync(setup.Options, cancellation, setup.Faults) : null;
        setup.Faults?.NeedsBackend(view is not null);
        await using var record = parsed.GetValue(options.Record) is { } path ? new EventRecord(path) : null;
        IReport shown = parsed.GetValue(options.Function.Json) ? new JsonReport(view) : shows ? new ViewReport(view!) : new TextReport();
        var report = new Reports([verdict, shown, .. new IReport?[] { record }.OfType<IReport>()]);
        await RunAsync(
            view?.Options ?? setup.Options, [.. setup.Notes, .. view?.Notes ?? []], plan, parsed.GetValue(options.Function.Quiet) ? new Quiet(report) : report, cancellation, setup.Faults);
        report.Finished(verdict.Failure);
        if (file is not null)
            OtlpFile.Write(file, view!.Backend.Requests);
        return verdict.Failure is null ? 0 : 1;
    }

    /// <summary>The run, for this command and the demo.</summary>
    public static async Task<IReadOnlyList<InvocationResult>> RunAsync(
        SandboxOptions options, IReadOnlyList<string> notes, InvocationPlan plan, IReport report, CancellationToken cancellation, FaultPlan? faults = null)
    {
        faults?.Happened = text => report.Note($"fault: {text}");
        foreach (var note in notes)
            report.Note(note);
        var ports = EnvironmentPorts.For(options);
        var managed = options.InitializationType == InitializationType.ManagedInstances;
        if (managed)
            options = options with { MaxConcurrency = Math.Max(options.MaxConcurrency, plan.Concurrency) };
        var pool = new EnvironmentPool(
            new PoolOptions(() => Faulty(ports.Assign(options), faults), managed ? 1 : plan.Concurrency) { InvocationsPerEnvironment = managed ? options.MaxConcurrency : 1 }, report);
        await using (pool)
        {
            await pool.WarmUpAsync(cancellation);
            var results = await plan.RunAsync(pool, cancellation);
            await pool.ShutdownAsync();
            return results;
        }
    }

    public static SandboxOptions Faulty(SandboxOptions options, FaultPlan? faults) => faults?.Apply(options) ?? options;
}
