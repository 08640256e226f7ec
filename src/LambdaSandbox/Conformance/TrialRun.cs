using System.Text;
using LambdaSandbox.Backend;
using LambdaSandbox.CommandLine;
using LambdaSandbox.Trouble;

namespace LambdaSandbox.Conformance;

/// <summary>Runs scenarios: the extension, a played function that writes numbered log lines, and a backend that counts which of them arrive.</summary>
/// <param name="options">The options with the extension, or without it for comparison.</param>
internal sealed class TrialRun(SandboxOptions options, int seed)
{
    private const int LinesPerInvocation = 5;

    public async Task<Trial> RunAsync(Scenario scenario, CancellationToken cancellation)
    {
        var plan = new FaultPlan(scenario.Faults, seed);
        List<string> happened = [];
        plan.Happened = text =>
        {
            lock (happened)
                happened.Add(text);
        };
        await using var backend = await OtlpBackend.StartAsync(new OtlpBackendOptions(), cancellation).ConfigureAwait(false);
        backend.Respond = plan.Backend;
        List<string> printed = [];
        var environment = EnvironmentPorts.For(options).Assign(scenario.Change(Towards(backend)));
        environment = plan.Apply(environment with
        {
            OnLine = (source, line) =>
            {
                if (source == "function")
                    return;
                lock (printed)
                    printed.Add(line);
            },
        });
        await using var sandbox = await Sandbox.OpenAsync(environment).ConfigureAwait(false);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var markers = new List<string>();
        var function = new PlayedFunction(sandbox, () => Print(sandbox, scenario, markers)).RunAsync(ending.Token);
        var trial = await RunAsync(sandbox, scenario, cancellation).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await function.ConfigureAwait(false);
        lock (markers)
            lock (printed)
                lock (happened)
                    return trial with { Lines = markers.Count, Arrived = Arrived(backend, markers), Printed = [.. printed], Happened = [.. happened] };
    }

    private static async Task<Trial> RunAsync(Sandbox sandbox, Scenario scenario, CancellationToken cancellation)
    {
        var init = await sandbox.InitAsync(cancellation).ConfigureAwait(false);
        var before = Cpu(sandbox);
        List<InvocationResult> results = [];
        foreach (var order in scenario.Invocations)
        {
            if (results.Count > 0)
                await Task.Delay(scenario.Pause, cancellation).ConfigureAwait(false);
            results.Add(await sandbox.InvokeAsync($"\"{order}\"", cancellation).ConfigureAwait(false));
        }

        var (cpu, memory) = (Cpu(sandbox) - before, sandbox.Extensions.Sum(each => each.PeakResidentBytes ?? 0));
        var extensions = sandbox.Extensions;
        var shutdown = extensions.Any(each => each.ExitCode is null) ? await sandbox.ShutdownAsync(scenario.ShutdownReason, cancellation).ConfigureAwait(false) : null;
        return new Trial(scenario, init, results, shutdown, extensions, 0, 0, [], []) { CpuTime = cpu, PeakResidentBytes = memory, Events = sandbox.Events };
    }

    private SandboxOptions Towards(OtlpBackend backend)
    {
        var grpc = options.Environment.TryGetValue("OTEL_EXPORTER_OTLP_PROTOCOL", out var protocol) && protocol == "grpc";
        return options with
        {
            Environment = new Dictionary<string, string>(options.Environment) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = grpc ? backend.GrpcUrl : backend.HttpUrl },
        };
    }

    private static void Print(Sandbox sandbox, Scenario scenario, List<string> markers)
    {
        for (var line = 0; line < LinesPerInvocation; line++)
        {
            string marker;
            lock (markers)
            {
                marker = $"conformance-line-{markers.Count + 1:D5}";
                markers.Add(marker);
            }

            sandbox.WriteFunctionLine(marker + new string('.', Math.Max(0, scenario.LineLength - marker.Length)));
        }
    }

    private static int Arrived(OtlpBackend backend, List<string> markers)
    {
        var all = new StringBuilder();
        foreach (var record in backend.LogRecords)
            all.Append(record.LogRecord.Body?.ToString()).Append('\n');
        var text = all.ToString();
        return markers.Count(marker => text.Contains(marker, StringComparison.Ordinal));
    }

    private static TimeSpan Cpu(Sandbox sandbox) => sandbox.Extensions.Aggregate(TimeSpan.Zero, (sum, each) => sum + each.CpuTime);
}
