using System.Net.Http.Headers;
using System.Threading.Channels;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.View;

/// <summary>Sends the sandbox's own spans to an OTLP backend over HTTP.</summary>
internal sealed class LifeSender : IAsyncDisposable
{
    private readonly Channel<byte[]> waiting = Channel.CreateBounded<byte[]>(1000);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri url;
    private readonly SandboxOptions options;
    private readonly Task running;

    /// <param name="endpoint">A URL as in OTEL_EXPORTER_OTLP_ENDPOINT.</param>
    public LifeSender(string endpoint, SandboxOptions options)
    {
        url = new Uri(endpoint.TrimEnd('/') + "/v1/traces");
        this.options = options;
        running = RunAsync();
    }

    public void Send(string logStream, IEnumerable<Span> spans)
    {
        var resource = new Resource();
        foreach (var (name, value) in new[]
        {
            ("service.name", "lambda"), ("faas.name", options.FunctionName), ("faas.version", options.FunctionVersion),
            ("faas.instance", logStream), ("cloud.provider", "aws"), ("cloud.platform", "aws_lambda"), ("cloud.region", options.Region),
        })
            resource.Attributes.Add(new KeyValue { Key = name, Value = new AnyValue { StringValue = value } });
        var scope = new ScopeSpans { Scope = new InstrumentationScope { Name = "lambda-sandbox" } };
        scope.Spans.AddRange(spans);
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = resource, ScopeSpans = { scope } } } };
        waiting.Writer.TryWrite(request.ToByteArray());
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false);
        http.Dispose();
    }

    private async Task RunAsync()
    {
        await foreach (var body in waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var answer = await http.PostAsync(url, content).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // The view is gone, which needs no message. The run continues.
            }
        }
    }
}
