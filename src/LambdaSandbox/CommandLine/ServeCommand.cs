using System.CommandLine;
using LambdaSandbox.Serving;

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
        var report = Report(options, parsed);
        foreach (var note in setup.Notes)
            report.Note(note);
        var sandbox = setup.Options with { KeptRecords = KeptRecords };
        if (played)
            sandbox = ForDebugger(sandbox, parsed.GetResult(options.Function.Timeout) is { Implicit: false }, parsed.GetValue(options.RuntimeApiPort));
        await ServeAsync(options, parsed, sandbox, played, report, cancellation);
        report.Finished(null);
        return 0;
    }

    private static async Task ServeAsync(
        ServeOptions options, ParseResult parsed, SandboxOptions sandbox, bool played, IReport report, CancellationToken cancellation)
    {
        var managed = sandbox.InitializationType == InitializationType.ManagedInstances;
        var concurrency = played ? 1 : parsed.GetValue(options.Concurrency);
        var ports = EnvironmentPorts.For(sandbox);
        using var killing = new CancellationTokenSource();
        await using var pool = new EnvironmentPool(
            new PoolOptions(() => ports.Assign(sandbox), concurrency)
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
        });
        report.Note($"listening on {server.Url} (function URL: {server.Url}/url/, HTTP API: {server.Url}/http-api/)");
        report.Note($"aws lambda invoke --endpoint-url {server.Url} --function-name {sandbox.FunctionName} --payload '{{}}' /dev/stdout (version 2 of aws also needs --cli-binary-format raw-in-base64-out)");
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> background = [];
        if (parsed.GetValue(options.Watch))
            background.Add(new PackageWatch(Watched(sandbox), () => Replace(pool, report), TimeProvider.System).RunAsync(stopped.Token));
        if (played)
            background.Add(PlayAsync(pool, report, stopped.Token));
        await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);

        // The environments end as Lambda's do, with SHUTDOWN; what still runs is cut off.
        await killing.CancelAsync();
        await pool.ShutdownAsync();
        await Task.WhenAll([.. background, events.Finished]);
    }

    private static IReport Report(ServeOptions options, ParseResult parsed)
    {
        IReport report = parsed.GetValue(options.Function.Json) ? new JsonLinesReport() : new TextReport();
        return parsed.GetValue(options.Function.Quiet) ? new Quiet(report) : report;
    }

    private static void Replace(EnvironmentPool pool, IReport report)
    {
        report.Note("rebuilt: the next invocation starts a new environment");
        pool.Replace();
    }

    private static IReadOnlyList<string> Watched(SandboxOptions options) =>
        [.. options.Layers, .. new[] { options.FunctionZip, options.FunctionDirectory }.OfType<string>()];

    /// <summary>A person at a breakpoint needs more time than a function.</summary>
    private static SandboxOptions ForDebugger(SandboxOptions options, bool hasTimeout, int port) => options with
    {
        RuntimeApiPort = port,
        InitTimeout = DebuggerTime,
        Timeout = hasTimeout ? options.Timeout : DebuggerTime,
        Freeze = FreezeMode.None,
    };

    /// <summary>The environment must be there before a runtime can call it.</summary>
    private static async Task PlayAsync(EnvironmentPool pool, IReport report, CancellationToken stopping)
    {
        try
        {
            await pool.WarmUpAsync(stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server ends.
        }
        catch (SandboxException e)
        {
            report.Note(e.Message);
        }
    }
}
