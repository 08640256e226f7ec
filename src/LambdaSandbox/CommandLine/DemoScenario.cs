using System.Globalization;

namespace LambdaSandbox.CommandLine;

/// <param name="Status">The status that Lambda is expected to report.</param>
internal sealed record DemoStep(string Title, string Payload, string Status);

/// <summary>The scenario of every demo: a cold, a warm and a failing invocation, with everything frozen in between.</summary>
internal sealed record DemoScenario(string Layer, string Function, TimeSpan Pause)
{
    public static readonly IReadOnlyList<DemoStep> Steps =
    [
        new("cold start", """{"order":{"id":"1001","items":2}}""", "success"),
        new("warm", """{"order":{"id":"1002"},"sleepMs":40}""", "success"),
        new("failing", """{"order":{"id":"13","fail":true}}""", "error"),
    ];

    /// <param name="destination">The variables that select the destination.</param>
    public SandboxOptions Options(IReadOnlyDictionary<string, string> destination) =>
        new()
        {
            LayerZip = Layer,
            FunctionZip = Function,
            FunctionName = "order-processing",
            MemorySizeMb = 256,
            Timeout = TimeSpan.FromSeconds(10),
            Tracing = TracingMode.Active,
            Environment = new Dictionary<string, string>(destination)
            {
                // The wrapper connects the function's own SDK to the extension.
                ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/telemetry-wrapper",
                ["DEMO_OTEL"] = "true",
                // Needed because other programs may use the default ports here. In Lambda the environment is not shared.
                ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = FreePort.Find().ToString(CultureInfo.InvariantCulture),
                ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
            },
        };

    public InvocationPlan Plan => new([.. Steps.Select(step => step.Payload)], 1, Pause);

    public Task<Sandbox> StartAsync(IReadOnlyDictionary<string, string> destination, CancellationToken cancellation) =>
        Sandbox.StartAsync(Options(destination), cancellation);

    /// <param name="onInvoked">Called after every invocation.</param>
    public async Task<IReadOnlyList<InvocationResult>> InvokeAsync(Sandbox sandbox, Func<DemoStep, InvocationResult, Task> onInvoked, CancellationToken cancellation)
    {
        var results = new List<InvocationResult>();
        foreach (var step in Steps)
        {
            if (results.Count > 0)
                await Task.Delay(Pause, cancellation);
            results.Add(await sandbox.InvokeAsync(step.Payload, cancellation));
            await onInvoked(step, results[^1]);
        }

        return results;
    }
}
