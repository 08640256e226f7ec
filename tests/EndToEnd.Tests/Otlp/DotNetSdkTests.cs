using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Exporter;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>The demo function, instrumented with the OpenTelemetry .NET SDK, behind the wrapper.</summary>
public sealed class DotNetSdkTests
{
    [Theory]
    [InlineData(TracingMode.Active)]
    [InlineData(TracingMode.PassThrough)]
    public async Task Functions_own_spans_metrics_and_logs_join_the_invocation(TracingMode tracing)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Tracing = tracing },
            ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/telemetry-wrapper"),
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", FreePort.Find()),
            ("DEMO_OTEL", "true"));
        var good = await lambda.InvokeAsync("""{"order":{"id":"1","items":2,"amount":12.5}}""");
        var bad = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var outcome = await lambda.EndAsync();

        var order = outcome.Child(outcome.Invocation(good), "process order");
        Assert.Equal((Span.Types.SpanKind.Internal, good.RequestId), (order.Kind, order.Text("faas.invocation_id")));
        Assert.Equal(["validate", "charge", "store"], outcome.Children(order).Select(span => span.Name));
        Assert.Equal(12.5, outcome.Child(order, "charge").Attributes.Value("order.amount")!.DoubleValue);
        CheckFailed(outcome, outcome.Child(outcome.Invocation(bad), "process order"));
        CheckLogs(outcome, order);
        CheckMetrics(outcome);
        Assert.Equal(["orders"], outcome.Received.Select(received => received.Resource.Text("service.name")).Distinct());
        Assert.Empty(outcome.Said);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    /// <summary>From another process: what the extension delivers equals what a direct backend gets, field by field.</summary>
    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Everything_the_SDK_sends_arrives_unchanged(OtlpExportProtocol protocol)
    {
        await using var reference = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null,
            (protocol == OtlpExportProtocol.Grpc ? "TELEMETRY_EXTENSION_OTLP_GRPC_PORT" : "TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port),
            ("TELEMETRY_EXTENSION_FLUSH_STRATEGY", "end"));
        using var sdk = new DotNetSdk(protocol, $"http://127.0.0.1:{port}", reference);
        // The extension is frozen between invocations, so requests sent then wait for the next one.
        var sending = Task.Run(sdk.Send, TestContext.Current.CancellationToken);
        while (!sending.IsCompleted)
            await lambda.InvokeAsync("""{"order":{"id":"1"},"sleepMs":300}""");
        await sending;
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        foreach (var signal in Enum.GetValues<OtlpSignal>())
            SdkContent.AssertEqual(reference, lambda.Backend, signal);
        var root = outcome.Single("root");
        Assert.Equal(("vendor=1", "follows"), (root.Links.Single().TraceState, root.Links.Single().Attributes.Value("why")!.StringValue));
        Assert.Equal(9007199254740991L, root.Attributes.Value("large")!.IntValue);
        Assert.Equal(["exception", "tick"], outcome.Child(root, "child").Events.Select(each => each.Name));
        Assert.Equal(5UL, outcome.Metrics.Single(metric => metric.Name == "exponential").ExponentialHistogram.DataPoints.Single().Count);
        Assert.Single(outcome.Logs, log => log.SeverityText == "Critical" && log.Text("exception.message") == "no such luck");
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    private static void CheckFailed(Outcome outcome, Span order)
    {
        Assert.True(order.IsError());
        Assert.Equal("Function.PaymentDeclined", order.Text("error.type"));
        var charge = outcome.Child(order, "charge");
        Assert.Equal(("the payment of order 13 was declined", "exception"), (charge.Status.Message, charge.Events.Single().Name));
    }

    private static void CheckLogs(Outcome outcome, Span order)
    {
        var log = Assert.Single(outcome.Logs, log => log.Text("OrderId") == "1" && log.Body.StringValue.Contains("charged", StringComparison.Ordinal));
        Assert.Equal((order.TraceId, order.SpanId, SeverityNumber.Info), (log.TraceId, log.SpanId, log.SeverityNumber));
        Assert.Equal(12.5, log.Attributes.Value("Amount")!.DoubleValue);
        Assert.Single(outcome.Logs, record => record.Text("Reason") == "the payment of order 13 was declined");
    }

    private static void CheckMetrics(Outcome outcome)
    {
        var orders = outcome.Metrics.Where(metric => metric.Name == "demo.orders").SelectMany(metric => metric.Sum.DataPoints).ToList();
        Assert.Equal(
            [("stored", 1L), ("declined", 1L)],
            orders.Select(point => (point.Attributes.Value("outcome")!.StringValue, point.AsInt)));
        var durations = outcome.Metrics.Where(metric => metric.Name == "demo.order.duration").SelectMany(metric => metric.Histogram.DataPoints).ToList();
        Assert.Equal([1UL, 1], durations.Select(point => point.Count));
    }
}
