using System.Diagnostics;
using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Spans;

/// <summary>
/// Encodes spans with the official OTLP exporter. Its HTTP handler is replaced by one that keeps a copy of the encoded request instead of sending it:
/// the exporter's own delivery blocks a thread while it retries, and cannot report what happened to a request. Created at first use. One caller at a
/// time.
/// </summary>
internal sealed class SpanExport : IDisposable
{
    private static readonly ActivitySource Source = new(new ActivitySourceOptions(Conventions.ScopeName)
    {
        Version = Conventions.Version,
        TelemetrySchemaUrl = Conventions.SchemaUrl,
    });

    private readonly CapturingHandler _handler = new();
    private readonly TracerProvider _provider;
    private readonly OtlpTraceExporter _exporter;

    /// <param name="resource">Fixed for the life of this object, as in the SDK.</param>
    public SpanExport(IEnumerable<KeyValuePair<string, object>> resource)
    {
        OtelEnvironment.Hide();
        _exporter = new OtlpTraceExporter(new OtlpExporterOptions
        {
            Protocol = OtlpExportProtocol.HttpProtobuf,
            // Nothing resolves or connects to this host: the handler keeps the request.
            Endpoint = new Uri("http://outbox.invalid/v1/traces"),
            HttpClientFactory = () => new HttpClient(_handler),
        });
        _provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes(resource))
            .SetSampler(new AlwaysOnSampler())
            .AddSource(Conventions.ScopeName)
            // Gives the exporter the provider's resource. No activity is ever stopped, so the processor never exports.
            .AddProcessor(new SimpleActivityExportProcessor(_exporter))
            .Build();
    }

    /// <summary>Encodes the spans into one payload. Null when the exporter fails.</summary>
    public OtlpPayload? Encode(IReadOnlyList<SpanData> spans, DateTimeOffset now)
    {
        var activities = new Activity[spans.Count];
        for (var i = 0; i < activities.Length; i++)
        {
            if (ToActivity(spans[i]) is not { } activity)
                return null;
            activities[i] = activity;
        }

        using var batch = new Batch<Activity>(activities, activities.Length);
        var result = _exporter.Export(batch);
        return _handler.Take() is { } body && result == ExportResult.Success ? new OtlpPayload(Signal.Traces, body, spans.Count, now) : null;
    }

    public void Dispose() => _provider.Dispose();

    private static Activity? ToActivity(SpanData span)
    {
        // A SERVER span's parent is its caller in another process, so the flags of the span are 0x300 (opentelemetry-proto, SpanFlags).
        var isRemote = span is { Kind: ActivityKind.Server, ParentSpanId: not null };
        var parent = new ActivityContext(span.TraceId, span.ParentSpanId ?? default, ActivityTraceFlags.Recorded, traceState: null, isRemote);
        var links = span.Links.Select(link => new ActivityLink(link));
        var activity = Source.CreateActivity(span.Name, span.Kind, parent, span.Attributes, links, ActivityIdFormat.W3C);
        if (activity is null)
            return null;
        SpanIdAccessor.Set(activity, span.SpanId);
        activity.SetStartTime(UnixTime.ToUtc(span.Start));
        activity.SetEndTime(UnixTime.ToUtc(Math.Max(span.Start, span.End)));
        if (span.Error is not null)
            activity.SetStatus(ActivityStatusCode.Error, span.Description);
        return activity;
    }

    /// <summary>Replaces the network. The exporter calls only <see cref="Send"/> and reuses its buffer after the call, so this copies.</summary>
    private sealed class CapturingHandler : HttpMessageHandler
    {
        private byte[]? _body;

        public byte[]? Take() => Interlocked.Exchange(ref _body, null);

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var copy = new MemoryStream();
            request.Content?.CopyTo(copy, null, cancellationToken);
            _body = copy.ToArray();
            return new HttpResponseMessage(HttpStatusCode.OK);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }
}
