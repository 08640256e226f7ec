using LambdaSandbox;
using LambdaSandbox.Backend;

namespace Benchmarks;

/// <summary>
/// Runs the extension in an emulator that logs each piece of code at its first execution: init, two invocations with a backend that answers, SHUTDOWN. The
/// compiler's layout follows that log (make startup-order). Nothing is measured.
/// </summary>
internal static class StartupTrace
{
    private static readonly TimeSpan Wide = TimeSpan.FromMinutes(2);

    /// <param name="arguments">The emulator, a layer folder whose binary has symbols, and the folder for the logs, one per process.</param>
    public static async Task RunAsync(string[] arguments)
    {
        if (arguments is not [var emulator, var layer, var logs])
            throw new ArgumentException("usage: startup-trace EMULATOR LAYER_FOLDER LOG_FOLDER");
        await using var backend = await OtlpBackend.StartAsync(new() { KeepBodies = false });
        await using var sandbox = await Sandbox.StartAsync(new SandboxOptions
        {
            LayerDirectory = layer,
            FunctionZip = Subject.FunctionZip,
            Emulator = [emulator, "-d", "in_asm,nochain", "-D", Path.Combine(logs, "%d.log")],
            InitTimeout = Wide,
            Timeout = Wide,
            ShutdownBudget = Wide,
            MemorySizeMb = 512,
            Environment = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl,
                ["TELEMETRY_EXTENSION_TELEMETRY_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = "0",
                ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
                ["TELEMETRY_EXTENSION_FLUSH_BUDGET_MS"] = "60000",
            },
        });
        if (sandbox.Init is not { Succeeded: true })
            throw new InvalidOperationException($"init failed: {sandbox.Init}");
        var process = sandbox.Extensions.Single().Pid;
        for (var number = 0; number < 2; number++)
            if (await sandbox.InvokeAsync("""{"order":{"id":"1"},"logLines":2,"logBytes":100}""") is { Succeeded: false } failed)
                throw new InvalidOperationException($"the invocation failed: {failed}");
        if (backend.Requests.Count == 0)
            throw new InvalidOperationException("nothing was exported");
        await sandbox.ShutdownAsync();
        Console.WriteLine(Path.Combine(logs, $"{process}.log"));
    }
}
