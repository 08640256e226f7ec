using System.CommandLine;
using LambdaSandbox.Trouble;
using LambdaSandbox.Serving;
using LambdaSandbox.View;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox serve`: the function behind Lambda's Invoke API, until Ctrl-C.</summary>
internal static class ServeCommand
{
    private const int KeptRecords = 10_000;
    private static readonly TimeSpan DebuggerTime = TimeSpan.FromHours(12);

    public static Command Create()
    {
        var options = new ServeOptions();
        var serve = new Command("serve", "Keeps a function running behind the Invoke API, a function URL and an HTTP API");
        foreach (var option in options.All)
            serve.Options.Add(option);
        serve.SetAction((parsed, cancellation) => Interruptible.RunAsync(stopping => RunAsync(options, parsed, stopping), cancellation));
        return serve;
    }

    private static async Task<int> RunAsync(ServeOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        var played = parsed.GetValue(options.OnlyApis);
        var setup = options.Function.Read(parsed, needsFunction: !played);
        var sandbox = setup.Options with { KeptRecords = KeptRecords };
        if (played)
            sandbox = ForDebugger(sandbox, parsed.GetResult(options.Function.Timeout) is { Implicit: false }, parsed.GetValue(options.RuntimeApiPort));
        IReport report = parsed.GetValue(options.Function.Json) ? new JsonLinesReport() : new TextReport();
        await using var view = parsed.GetValue(options.View) ? await RunView.StartAsync(sandbox, cancellation, setup.Faults) : null;
        setup.Faults?.NeedsBackend(view is not null);
        if (view is not null)
            report = new Reports([await ShowAsync(view, parsed.GetValue(options.ViewPort), report, cancellation), new LifeTrace(view.Life, sandbox)]);
        if (parsed.GetValue(options.Function.Quiet))
            report = new Quiet(report);
        foreach (var note in setup.Notes.Concat(view?.Notes ?? []))
            report.Note(note);
        setup.Faults?.Happened = text => report.Note($"fault: {text}");
        await ServeAsync(options, parsed, view?.Options ?? sandbox, setup.Faults, played, view, report, cancellation);
        report.Finished(null);
        return 0;
    }

    /// <summary>Shows the page, or the traces in the terminal when the page is not available.</summary>
    private static async Task<IReport> ShowAsync(RunView view, int port, IReport report, CancellationToken cancellation)
    {
        var reason = await view.ShowPageAsync(port, report.Note, cancellation);
        report.Note(reason is null
            ? $"page: {view.Page!.Url}"
            : $"no page: {reason}. Traces are shown here instead; LAMBDA_SANDBOX_DASHBOARD names a dashboard that is already on this machine");
        return reason is null || report is JsonLinesReport ? report : new ViewReport(view);
    }

    private static async Task ServeAsync(
        ServeOptions options, ParseResult parsed, SandboxOptions sandbox, FaultPlan? faults, bool played, RunView? view, IReport report, CancellationToken cancellation)
    {
        var payloads = (parsed.GetValue(options.Invoke) ?? []).Select(RunOptions.Payload).ToList();
        var managed = sandbox.InitializationType == InitializationType.ManagedInstances;
        var concurrency = played ? 1 : parsed.GetValue(options.Concurrency);
        var ports = EnvironmentPorts.For(sandbox);
        using var killing = new CancellationTokenSource();
        await using var pool = new EnvironmentPool(
            new PoolOptions(() => RunCommand.Faulty(ports.Assign(sandbox), faults), concurrency)
            {
                IdleTimeout = played ? null : parsed.GetValue(options.Idle),
                InvocationsPerEnvironment = managed ? sandbox.MaxConcurrency : 1,
            },
            report);
        var events = new EventQueue(
            pool, report, parsed.GetValue(options.EventRetries), parsed.GetValue(options.EventRetryDelay), concurrency, cancellation);
        var function = new ServedFunction(sandbox, played, killing.Token);
        await using var server = await FunctionServer.StartAsync(parsed.GetValue(options.Port), app =>
        {
            new InvokeApi(pool, events, function).Map(app);
            new FunctionUrl(pool, function).Map(app);
            if (view is not null)
                TelemetryExport.Map(app, view.Backend);
        });
        report.Note($"listening on {server.Url} (function URL: {server.Url}/url/, HTTP API: {server.Url}/http-api/)");
        report.Note($"aws lambda invoke --endpoint-url {server.Url} --function-name {sandbox.FunctionName} --payload '{{}}' /dev/stdout (version 2 of aws also needs --cli-binary-format raw-in-base64-out)");
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> background = [];
        if (parsed.GetValue(options.Watch))
            background.Add(new PackageWatch(Watched(sandbox), () => Replace(pool, report), TimeProvider.System).RunAsync(stopped.Token));
        if (played)
            background.Add(PlayAsync(pool, report, stopped.Token));
        foreach (var payload in payloads)
            await pool.InvokeAsync(payload, new InvokeOptions(), wait: true, cancellation);
        await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);

        // End the environments like Lambda, with SHUTDOWN. Requests that still run are cancelled.
        await killing.CancelAsync();
        await pool.ShutdownAsync();
        await Task.WhenAll([.. background, events.Finished]);
    }

    private static void Replace(EnvironmentPool pool, IReport report)
    {
        report.Note("rebuilt: the next invocation starts a new environment");
        pool.Replace();
    }

    private static IReadOnlyList<string> Watched(SandboxOptions options) =>
        [.. options.Layers, .. new[] { options.FunctionZip, options.FunctionDirectory }.OfType<string>()];

    /// <summary>Extends the limits, because a person at a breakpoint needs more time than a function.</summary>
    private static SandboxOptions ForDebugger(SandboxOptions options, bool hasTimeout, int port) => options with
    {
        RuntimeApiPort = port,
        InitTimeout = DebuggerTime,
        Timeout = hasTimeout ? options.Timeout : DebuggerTime,
        Freeze = FreezeMode.None,
    };

    /// <summary>Starts the environment first, because a runtime needs it for its first call.</summary>
    private static async Task PlayAsync(EnvironmentPool pool, IReport report, CancellationToken stopping)
    {
        try
        {
            await pool.WarmUpAsync(stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server is stopping.
        }
        catch (SandboxException e)
        {
            report.Note(e.Message);
        }
    }
}
