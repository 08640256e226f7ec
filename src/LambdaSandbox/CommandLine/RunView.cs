using LambdaSandbox.Backend;
using LambdaSandbox.Trouble;
using LambdaSandbox.View;

namespace LambdaSandbox.CommandLine;

/// <summary>The OTLP backend of `--view`, the configuration that connects the function to it, and the page that shows the telemetry.</summary>
internal sealed class RunView : IAsyncDisposable
{
    /// <summary>After this many requests a long run drops what it has shown.</summary>
    private const int MaxRequests = 5000;

    /// <summary>They would win over the endpoint that this sets.</summary>
    private static readonly string[] OtherEndpoints =
        ["TELEMETRY_EXTENSION_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    private readonly Func<ReceivedRequest, Fault> faults;

    private RunView(OtlpBackend backend, SandboxOptions options, FaultPlan? plan)
    {
        faults = plan?.Backend ?? (_ => Fault.None);
        backend.Respond = faults;
        (Backend, Options) = (backend, options);
        Life = new LifeSender(backend.HttpUrl, options);
    }

    public OtlpBackend Backend { get; }

    public SandboxOptions Options { get; }

    /// <summary>One for each variable that this has set aside.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>Sends the sandbox's own spans.</summary>
    public LifeSender Life { get; }

    /// <summary>The page. Null when it was not requested or is not available.</summary>
    public Dashboard? Page { get; private set; }

    private Relay? Relay { get; set; }

    public static async Task<RunView> StartAsync(SandboxOptions options, CancellationToken cancellation, FaultPlan? plan = null)
    {
        var backend = await OtlpBackend.StartAsync(new OtlpBackendOptions { KeepBodies = false }, cancellation);
        var grpc = options.Environment.TryGetValue("OTEL_EXPORTER_OTLP_PROTOCOL", out var protocol) && protocol == "grpc";
        var environment = new Dictionary<string, string>(options.Environment) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = grpc ? backend.GrpcUrl : backend.HttpUrl };
        var aside = Array.FindAll(OtherEndpoints, environment.Remove);
        return new RunView(backend, options with { Environment = environment }, plan)
        {
            Notes = [.. aside.Select(static name => $"{name} is set aside, because the telemetry is shown here")],
        };
    }

    /// <summary>Starts the dashboard and forwards everything that arrives from now on.</summary>
    /// <returns>Null on success, otherwise the reason of the failure.</returns>
    public async Task<string?> ShowPageAsync(int port, Action<string> note, CancellationToken cancellation)
    {
        (Page, var reason) = await Dashboard.StartAsync(port, note, cancellation);
        if (Page is null)
            return reason;
        Relay = new Relay(Page.OtlpUrl);
        Backend.Respond = request =>
        {
            Relay.Add(request);
            if (request.Number % MaxRequests == 0)
                Backend.Clear();
            return faults(request);
        };
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await Life.DisposeAsync();
        if (Relay is not null)
            await Relay.DisposeAsync();
        await Backend.DisposeAsync();
        if (Page is not null)
            await Page.DisposeAsync();
    }
}
