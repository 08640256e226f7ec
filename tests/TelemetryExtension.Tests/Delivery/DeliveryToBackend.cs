using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>The base of tests with a real backend. Each test has its own.</summary>
public abstract class DeliveryToBackend : IAsyncLifetime
{
    private protected OtlpBackend Backend { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected static Func<ReceivedRequest, Reading> Once(Reading reading)
    {
        var used = 0;
        return _ => Interlocked.Exchange(ref used, 1) == 0 ? reading : Reading.Normal;
    }

    private protected string[] Bodies() => [.. Backend.LogRecords.Select(record => record.LogRecord.Body.StringValue).Order(StringComparer.Ordinal)];

    private protected DeliveryTestBench Bench(string protocol, string compression = "none", int timeoutMs = 10_000, OutboxOptions? outbox = null) =>
        new(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol, ["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression, ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=secret%20value", ["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeoutMs.ToString(System.Globalization.CultureInfo.InvariantCulture) }, outbox);
}
