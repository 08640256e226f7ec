using System.Text.Json;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>
/// The OpenTelemetry JS SDK as the sender. It exports the same objects to the extension and directly to a second backend. What the two decode must be
/// equal. The test then checks the content, to notice also two equal but incomplete backends.
/// </summary>
public sealed class NodeSdkTests
{
    [Theory]
    [InlineData("http/protobuf", "gzip")]
    [InlineData("http/json", "none")]
    [InlineData("grpc", "gzip")]
    public async Task Everything_the_SDK_sends_arrives_in_the_flush_of_its_invocation_and_unchanged(string protocol, string compression)
    {
        await using var reference = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var port = FreePort.Find();
        var grpc = protocol == "grpc";
        await using var lambda = await NodeFunction.StartAsync(
            null,
            (grpc ? "TELEMETRY_EXTENSION_OTLP_GRPC_PORT" : "TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
            ("TELEMETRY_EXTENSION_FLUSH_STRATEGY", "end"),
            ("OTEL_PROPAGATORS", "xray-lambda"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("FUNCTION_OTLP_PROTOCOL", protocol),
            ("FUNCTION_OTLP_COMPRESSION", compression),
            ("FUNCTION_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"),
            ("FUNCTION_OTLP_REFERENCE", grpc ? reference.GrpcUrl : reference.HttpUrl));

        var first = await InvokeAsync(lambda, """{"marker":"first"}""");
        // The environment is frozen now, so the data at the backend is from this invocation's flush.
        var spans = lambda.Backend.Spans.Select(received => received.Span).ToList();
        CheckSpans(spans, first);
        CheckLogs([.. lambda.Backend.LogRecords.Select(received => received.LogRecord)], spans, first.Root);
        CheckMetrics([.. lambda.Backend.Metrics.Where(received => received.Scope.Name == "node-meter").Select(received => received.Metric)]);

        // This time the function answers without waiting for its exports.
        await InvokeAsync(lambda, """{"marker":"second","late":true}""");
        // On a busy machine its request comes after the 20 ms that a flush waits for it, and leaves with the next one.
        var outcome = await lambda.EndAsync();
        Assert.Single(lambda.Backend.Spans, received => received.Span.Text("marker") == "second");

        foreach (var signal in Enum.GetValues<OtlpSignal>())
            SdkContent.AssertEqual(reference, lambda.Backend, signal);
        Assert.Empty(outcome.Said);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    /// <param name="caller">Whether the caller sends a sampled header. Without one Lambda creates one: unsampled, except with active tracing.</param>
    [Theory]
    [InlineData(TracingMode.Active, true)]
    [InlineData(TracingMode.Active, false)]
    [InlineData(TracingMode.PassThrough, false)]
    public async Task Behind_the_wrapper_the_functions_root_span_is_a_child_of_the_invocation(TracingMode tracing, bool caller)
    {
        var (outcome, result, root) = await RunWrappedAsync(tracing, caller);

        var handle = outcome.Child(outcome.Invocation(result), "handle");
        Assert.Equal(tracing == TracingMode.Active, TraceHeader.Read(result.TraceHeader).Sampled);
        CheckWrapped(outcome, handle, result, root);
    }

    /// <summary>A sampled header that is passed through names the caller's span, of which only the children are known here.</summary>
    [Fact]
    public async Task Behind_the_wrapper_in_a_callers_trace_root_span_and_invocation_are_the_callers_children()
    {
        var (outcome, result, root) = await RunWrappedAsync(TracingMode.PassThrough, caller: true);

        var handle = outcome.Single("handle");
        Assert.Equal("53995c3f42cd8ad8", handle.ParentSpanId.Hex());
        Assert.Equal((handle.TraceId, handle.ParentSpanId), (outcome.Invocation(result).TraceId, outcome.Invocation(result).ParentSpanId));
        CheckWrapped(outcome, handle, result, root);
    }

    private static async Task<(Outcome Outcome, InvocationResult Result, string Root)> RunWrappedAsync(TracingMode tracing, bool caller)
    {
        await using var lambda = await NodeFunction.StartAsync(
            options => options with { Tracing = tracing },
            ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/telemetry-wrapper"),
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", FreePort.Find()));
        var header = caller ? "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1" : null;
        var (result, root) = await InvokeAsync(lambda, """{"marker":"wrapped"}""", new InvokeOptions { TraceHeader = header });
        return (await lambda.EndAsync(), result, root);
    }

    private static void CheckWrapped(Outcome outcome, Span handle, InvocationResult result, string root)
    {
        Assert.Equal((root, result.RequestId), (handle.SpanId.Hex(), handle.Text("faas.invocation_id")));
        Assert.Equal(TraceHeader.Read(result.TraceHeader).TraceId, handle.TraceId.Hex());
        Assert.InRange(handle.Start(), outcome.Invocation(result).Start() - TimeSpan.FromMilliseconds(1), outcome.Invocation(result).End());
        outcome.Child(outcome.Child(handle, "client call"), "failing step");
        Assert.Empty(outcome.Said);
    }

    private static async Task<(InvocationResult Result, string Root)> InvokeAsync(LambdaUnderTest lambda, string payload, InvokeOptions? options = null)
    {
        var result = await lambda.InvokeAsync(payload, options);
        using var answer = JsonDocument.Parse(result.Payload!);
        if (answer.RootElement.TryGetProperty("flush", out var flush))
            Assert.Equal(["ok", "ok", "ok"], flush.EnumerateArray().Select(item => item.GetString()));
        return (result, answer.RootElement.GetProperty("spanId").GetString()!);
    }

    private static void CheckSpans(List<Span> spans, (InvocationResult Result, string Root) invocation)
    {
        var server = Assert.Single(spans, span => span.Kind == Span.Types.SpanKind.Server);
        var root = Assert.Single(spans, span => span.SpanId.Hex() == invocation.Root);
        Assert.Equal((server.TraceId, server.SpanId), (root.TraceId, root.ParentSpanId));
        var call = Assert.Single(spans, span => span.Name == "client call");
        Assert.Equal((Span.Types.SpanKind.Client, root.SpanId, Status.Types.StatusCode.Ok), (call.Kind, call.ParentSpanId, call.Status.Code));
        SdkFixture.CheckAttributes(call.Attributes);
        Assert.Equal(["cache miss", "no attributes"], call.Events.Select(item => item.Name));
        Assert.Equal(0.25, call.Events[0].Attributes.Value("ratio")!.DoubleValue);
        Assert.Equal(["b7ad6b7169203331", "00f067aa0ba902b7"], call.Links.Select(link => link.SpanId.Hex()));
        Assert.Equal(3, call.Links[0].Attributes.Value("index")!.IntValue);
        var failed = Assert.Single(spans, span => span.Name == "failing step");
        Assert.Equal((Span.Types.SpanKind.Producer, "no such order"), (failed.Kind, failed.Status.Message));
        Assert.Equal("TypeError", failed.Events.Single().Attributes.Value("exception.type")!.StringValue);
        Assert.Equal("first", Assert.Single(spans, span => span.Kind == Span.Types.SpanKind.Consumer).Text("marker"));
    }

    private static void CheckLogs(List<LogRecord> logs, List<Span> spans, string root)
    {
        var info = Assert.Single(logs, log => log.Body?.StringValue == "marker first");
        Assert.Equal((SeverityNumber.Info, "INFO", root), (info.SeverityNumber, info.SeverityText, info.SpanId.Hex()));
        Assert.Equal(spans.Single(span => span.SpanId.Hex() == root).TraceId, info.TraceId);
        SdkFixture.CheckAttributes(info.Attributes);
        var fatal = Assert.Single(logs, log => log.EventName == "order.lost");
        Assert.Equal(SeverityNumber.Fatal4, fatal.SeverityNumber);
        Assert.Equal([0, 1, 254, 255], fatal.Body.KvlistValue.Values.Value("bytes")!.BytesValue.ToByteArray());
        Assert.Equal(4, fatal.Body.KvlistValue.Values.Value("order")!.KvlistValue.Values.Value("tags")!.ArrayValue.Values.Count);
        Assert.Equal(0UL, Assert.Single(logs, log => log.Body?.StringValue == "neither severity nor context").TimeUnixNano);
    }

    private static void CheckMetrics(List<Metric> metrics)
    {
        Metric Named(string name) => Assert.Single(metrics, metric => metric.Name == name);
        var orders = Named("orders").Sum;
        Assert.True(orders.IsMonotonic);
        Assert.Equal((AggregationTemporality.Delta, 4L), (orders.AggregationTemporality, orders.DataPoints.Sum(point => point.AsInt)));
        Assert.Equal(19.9, Named("revenue").Sum.DataPoints.Single().AsDouble);
        Assert.False(Named("queue.length").Sum.IsMonotonic);
        Assert.Equal(21.5, Named("temperature").Gauge.DataPoints.Single().AsDouble);
        var duration = Named("duration").Histogram.DataPoints.Single();
        Assert.Equal([1UL, 2, 1, 1, 1], duration.BucketCounts);
        Assert.Equal([0.01, 0.1, 1, 10], duration.ExplicitBounds);
        Assert.Equal((6UL, 0.005, 50.0), (duration.Count, duration.Min, duration.Max));
        var size = Named("payload.size").ExponentialHistogram.DataPoints.Single();
        Assert.Equal((6UL, 1UL), (size.Count, size.ZeroCount));
        Assert.Equal(5UL, size.Positive.BucketCounts.Aggregate((sum, count) => sum + count));
    }
}
