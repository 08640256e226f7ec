using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DemoFunction;

/// <summary>
/// The function's own OpenTelemetry SDK. It sends OTLP http/protobuf to the extension on localhost. Without DEMO_OTEL=true every call does nothing. Spans
/// and logs are exported as they end, because the timers of the batching processors stop while the environment is frozen, and localhost is near.
/// </summary>
internal sealed partial class DemoTelemetry : IDisposable
{
    private const string Name = "DemoFunction";
    public static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _orders;
    private readonly Histogram<double> _duration;
    private readonly LocalReceiver? _receiver;
    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;
    private readonly ILoggerFactory? _logs;
    private readonly ILogger? _logger;

    private DemoTelemetry(Uri? endpoint)
    {
        _orders = _meter.CreateCounter<long>("demo.orders", "{order}", "Orders by outcome");
        _duration = _meter.CreateHistogram<double>("demo.order.duration", "s", "Time to process an order");
        if (endpoint is null)
            return;

        _receiver = new LocalReceiver(endpoint);
        var resource = ResourceBuilder.CreateDefault();
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME")))
            resource.AddService(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_NAME") ?? "demo-function", autoGenerateServiceInstanceId: false);

        var traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Name)
            .AddProcessor(new SimpleActivityExportProcessor(new OtlpTraceExporter(_receiver.Options("v1/traces"))));
        // Without active tracing Lambda sends Sampled=0 with every request, and the SDK's parent-based default would record nothing.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_TRACES_SAMPLER")))
            traces.SetSampler(new AlwaysOnSampler());
        _traces = traces.Build();

        // Flush reads the metrics once per invocation. They are deltas, because the total of one of many environments means nothing.
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Name)
            .AddReader(new BaseExportingMetricReader(new OtlpMetricExporter(_receiver.Options("v1/metrics")))
            {
                TemporalityPreference = MetricReaderTemporalityPreference.Delta,
            })
            .Build();

        _logs = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options => options
            .SetResourceBuilder(resource)
            .AddProcessor(new SimpleLogRecordExportProcessor(new OtlpLogExporter(_receiver.Options("v1/logs"))))));
        _logger = _logs.CreateLogger(Name);
    }

    public static DemoTelemetry FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("DEMO_OTEL") is not { } enabled || !enabled.Equals("true", StringComparison.OrdinalIgnoreCase))
            return new DemoTelemetry(endpoint: null);
        var text = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT");
        if (Uri.TryCreate(string.IsNullOrEmpty(text) ? "http://127.0.0.1:4318" : text, UriKind.Absolute, out var endpoint))
            return new DemoTelemetry(endpoint);
        Console.Error.WriteLine($"OTEL_EXPORTER_OTLP_ENDPOINT \"{text}\" is not a URL; the function sends no telemetry of its own.");
        return new DemoTelemetry(endpoint: null);
    }

    public InvocationSpan StartInvocation(Invocation invocation)
    {
        _receiver?.TryAgain();
        // The extension creates the SERVER span of the invocation. This span is the work inside it: its child, and INTERNAL.
        var activity = Source.StartActivity("process order", ActivityKind.Internal, XRayTraceHeader.Parse(invocation.TraceHeader));
        activity?.SetTag("faas.invocation_id", invocation.RequestId);
        return new InvocationSpan(activity, this);
    }

    public void OrderCharged(Order order)
    {
        if (_logger is not null)
            LogCharged(_logger, order.Id, order.Amount);
    }

    public void Flush() => _metrics?.ForceFlush(LocalReceiver.TimeoutMilliseconds);

    /// <summary>
    /// After a SnapStart restore. A collection ends the window of the metrics, so that the next one starts here: the snapshot may be days old.
    /// </summary>
    public void Restored() => Flush();

    public void Dispose()
    {
        _logs?.Dispose();
        _metrics?.Dispose();
        _traces?.Dispose();
        _receiver?.Dispose();
        _meter.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "order {OrderId} charged with {Amount}")]
    private static partial void LogCharged(ILogger logger, string orderId, double amount);

    [LoggerMessage(LogLevel.Error, "order failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    /// <summary>The span of one invocation, and the two measurements at its end.</summary>
    internal readonly struct InvocationSpan(Activity? activity, DemoTelemetry telemetry) : IDisposable
    {
        private readonly long _started = Stopwatch.GetTimestamp();

        public void Ended(InvocationError? error)
        {
            var outcome = new KeyValuePair<string, object?>("outcome", error is null ? "stored" : "declined");
            telemetry._orders.Add(1, outcome);
            telemetry._duration.Record(Stopwatch.GetElapsedTime(_started).TotalSeconds, outcome);
            if (error is null)
                return;
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            activity?.SetTag("error.type", error.Type);
            if (telemetry._logger is not null)
                LogFailed(telemetry._logger, error.Message);
        }

        public void Dispose() => activity?.Dispose();
    }
}
