using System.Diagnostics;
using System.Diagnostics.Metrics;
using LambdaSandbox.Backend;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EndToEnd.Tests.Otlp;

/// <summary>The OpenTelemetry .NET SDK in the test's process. It exports the same objects to the extension and directly to a backend.</summary>
internal sealed partial class DotNetSdk(OtlpExportProtocol protocol, string extension, OtlpBackend reference) : IDisposable
{
    private const string Name = "dotnet-sdk";

    private static readonly KeyValuePair<string, object?>[] Attributes =
    [
        new("text", "grün 🚀 \"quoted\"\n"), new("empty", ""), new("yes", true), new("no", false), new("large", 9007199254740991L), new("negative", -7L),
        new("double", 0.1), new("tiny", double.Epsilon), new("texts", new[] { "a", "", "ü" }), new("integers", new[] { 1L, -2, 3 }),
        new("flags", new[] { true, false }), new("doubles", new[] { 1.5, -2.25 }),
    ];

    private readonly ResourceBuilder _resource = ResourceBuilder.CreateDefault().AddService("sender");
    private readonly ActivitySource _source = new(Name, "1.2.3");
    private readonly Meter _meter = new(Name, "1.2.3");

    private string Reference => protocol == OtlpExportProtocol.Grpc ? reference.GrpcUrl : reference.HttpUrl;

    public void Send()
    {
        Spans();
        Metrics();
        Logs();
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private void Spans()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(_resource).AddSource(Name)
            .AddProcessor(new SimpleActivityExportProcessor(new OtlpTraceExporter(Options(extension, "v1/traces"))))
            .AddProcessor(new SimpleActivityExportProcessor(new OtlpTraceExporter(Options(Reference, "v1/traces"))))
            .Build();
        var other = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, "vendor=1", isRemote: true);
        using var root = _source.StartActivity("root", ActivityKind.Server, default(ActivityContext), links: [new(other, new() { ["why"] = "follows" })])!;
        foreach (var (key, value) in Attributes)
            root.SetTag(key, value);
        using (var child = _source.StartActivity("child", ActivityKind.Client)!)
        {
            child.AddException(new InvalidOperationException("no such luck"));
            child.AddEvent(new("tick", tags: new() { ["n"] = 3L }));
            child.SetStatus(ActivityStatusCode.Error, "failed");
        }

        root.SetStatus(ActivityStatusCode.Ok);
    }

    private void Metrics()
    {
        var both = new Both<Metric>(new OtlpMetricExporter(Options(extension, "v1/metrics")), new OtlpMetricExporter(Options(Reference, "v1/metrics")));
        using var provider = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(_resource).AddMeter(Name)
            .AddView("exponential", new Base2ExponentialBucketHistogramConfiguration())
            .AddReader(new BaseExportingMetricReader(both) { TemporalityPreference = MetricReaderTemporalityPreference.Delta })
            .Build();
        var (counter, upDown, histogram) = (_meter.CreateCounter<long>("counter", "{item}", "Items"), _meter.CreateUpDownCounter<double>("updown"), _meter.CreateHistogram<double>("histogram", "s"));
        var exponential = _meter.CreateHistogram<double>("exponential", "By");
        _meter.CreateObservableGauge("gauge", () => -2.5);
        counter.Add(long.MaxValue, Attributes);
        upDown.Add(-0.5);
        foreach (var value in new[] { 0, 0.001, 1, 7.5, 1e6 })
        {
            histogram.Record(value, new KeyValuePair<string, object?>("route", "/orders"));
            exponential.Record(value);
        }

        provider.ForceFlush();
    }

    private void Logs()
    {
        using var factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeScopes = true;
            options.SetResourceBuilder(_resource)
                .AddProcessor(new SimpleLogRecordExportProcessor(new OtlpLogExporter(Options(extension, "v1/logs"))))
                .AddProcessor(new SimpleLogRecordExportProcessor(new OtlpLogExporter(Options(Reference, "v1/logs"))));
        }));
        Charged(factory.CreateLogger(Name), "grün 🚀", 12.5);
        Failed(factory.CreateLogger(Name), new InvalidOperationException("no such luck"));
    }

    [LoggerMessage(LogLevel.Information, "order {OrderId} charged with {Amount}")]
    private static partial void Charged(ILogger logger, string orderId, double amount);

    [LoggerMessage(LogLevel.Critical, "order failed")]
    private static partial void Failed(ILogger logger, Exception exception);

    private OtlpExporterOptions Options(string url, string path) => new()
    {
        Protocol = protocol,
        Endpoint = protocol == OtlpExportProtocol.Grpc ? new Uri(url) : new Uri($"{url.TrimEnd('/')}/{path}"),
        TimeoutMilliseconds = 20_000,
    };

    /// <summary>Sends one collection to both, because two readers would collect twice at different times.</summary>
    private sealed class Both<T>(BaseExporter<T> one, BaseExporter<T> other) : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch) =>
            one.Export(batch) == ExportResult.Success && other.Export(batch) == ExportResult.Success ? ExportResult.Success : ExportResult.Failure;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                one.Dispose();
                other.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
