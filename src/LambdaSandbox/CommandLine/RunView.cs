using LambdaSandbox.Backend;

namespace LambdaSandbox.CommandLine;

/// <summary>The OTLP backend of `--view`, and the function's configuration that leads there.</summary>
internal sealed class RunView : IAsyncDisposable
{
    private RunView(OtlpBackend backend, SandboxOptions options) => (Backend, Options) = (backend, options);

    public OtlpBackend Backend { get; }

    public SandboxOptions Options { get; }

    public static async Task<RunView> StartAsync(SandboxOptions options, CancellationToken cancellation)
    {
        var backend = await OtlpBackend.StartAsync(new OtlpBackendOptions { KeepBodies = false }, cancellation);
        var grpc = options.Environment.TryGetValue("OTEL_EXPORTER_OTLP_PROTOCOL", out var protocol) && protocol == "grpc";
        return new RunView(backend, options with
        {
            Environment = new Dictionary<string, string>(options.Environment) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = grpc ? backend.GrpcUrl : backend.HttpUrl },
        });
    }

    public ValueTask DisposeAsync() => Backend.DisposeAsync();
}
