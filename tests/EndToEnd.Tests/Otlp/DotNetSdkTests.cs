using LambdaSandbox;
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
