using LambdaSandbox;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

/// <summary>Only the endpoint is set: what a new user of the layer sees.</summary>
public sealed class NormalCycleTests
{
    [Fact]
    public async Task Cold_warm_and_failing_invocations_arrive_as_one_trace_each_with_their_logs()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var cold = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var warm = await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var failing = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var outcome = await lambda.EndAsync();

        foreach (var result in new[] { cold, warm, failing })
        {
            var span = outcome.Invocation(result);
            var header = TraceHeader.Read(result.TraceHeader);
            Assert.Equal("orders", span.Name);
            Assert.Equal(header.TraceId, span.TraceId.Hex());
            // In an unsampled header Lambda invents the parent, which nobody records and which the function's own spans name. So it becomes the
            // invocation's id.
            Assert.Equal(header.Parent, span.SpanId.Hex());
            Assert.Empty(span.ParentSpanId);
            Assert.Equal(result == cold, span.Flag("faas.coldstart"));
            Assert.Equal(lambda.Sandbox.FunctionArn, span.Text("aws.lambda.invoked_arn"));
            CheckTimes(span, result);
            Assert.Equal(
                result == cold ? ["init", "responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"]
                    : ["responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"],
                outcome.Children(span).Select(child => child.Name));
        }

        Assert.False(outcome.Invocation(cold).IsError() || outcome.Invocation(warm).IsError());
        var error = outcome.Invocation(failing);
        Assert.True(error.IsError());
        Assert.Equal("Function.PaymentDeclined", error.Text("error.type"));
        Assert.Equal(3, outcome.Spans.Count(span => span.Kind == Span.Types.SpanKind.Server));
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
        Assert.Empty(outcome.Said);
        CheckInit(outcome, cold, lambda.Sandbox.Init!);
        CheckLogs(outcome, cold, failing);
        CheckResource(outcome, lambda.Sandbox);
    }

    /// <summary>The sandbox measures from the delivery of the event to the last Next, the span from platform.start to the runtime's Next.</summary>
    private static void CheckTimes(Span span, InvocationResult result)
    {
        var slack = TimeSpan.FromMilliseconds(2);
        Assert.InRange(span.Start(), result.StartedAt - slack, result.StartedAt + slack);
        Assert.InRange(span.Duration(), result.ResponseTime!.Value - slack, result.Duration + slack);
    }

    private static void CheckInit(Outcome outcome, InvocationResult cold, InitResult init)
    {
        var span = outcome.Child(outcome.Invocation(cold), "init");
        Assert.Equal(span, outcome.Single("init"));
        Assert.True(span.Flag("faas.coldstart"));
        Assert.Equal("on-demand", span.Text("telemetry_extension.initialization_type"));
        Assert.InRange(span.Duration(), init.Duration - TimeSpan.FromMilliseconds(1), init.Duration + TimeSpan.FromMilliseconds(1));
        Assert.True(span.End() <= outcome.Invocation(cold).Start() + TimeSpan.FromMilliseconds(1));
        var runtime = outcome.Child(span, "init.runtime");
        Assert.Equal(span.Start(), runtime.Start());
    }

    private static void CheckLogs(Outcome outcome, InvocationResult cold, InvocationResult failing)
    {
        var text = outcome.Log("received order 1 with 1 items");
        var json = Assert.Single(outcome.LogsOf(cold.RequestId), log => log.Body.StringValue == "payment charged");
        var error = outcome.Log("the payment of order 13 was declined");
        foreach (var (log, result) in new[] { (text, cold), (json, cold), (error, failing) })
        {
            var span = outcome.Invocation(result);
            Assert.Equal(span.TraceId, log.TraceId);
            Assert.Equal(span.SpanId, log.SpanId);
            Assert.Equal(result.RequestId, log.Text("faas.invocation_id"));
            Assert.InRange(Decoded.Time(log.TimeUnixNano), span.Start() - TimeSpan.FromMilliseconds(1), span.End() + TimeSpan.FromMilliseconds(5));
            Assert.NotEqual(0UL, log.ObservedTimeUnixNano);
        }

        Assert.Equal(3, outcome.LogsOf(cold.RequestId).Count);
        Assert.Equal((SeverityNumber.Info, "INFO"), (json.SeverityNumber, json.SeverityText));
        Assert.Equal("1", json.Text("orderId"));
        Assert.Equal(19.9, json.Attributes.Value("amount")!.DoubleValue);
        Assert.Equal((SeverityNumber.Error, "ERROR"), (error.SeverityNumber, error.SeverityText));
        Assert.Equal("Function.PaymentDeclined", error.Text("exception.type"));
    }

    private static void CheckResource(Outcome outcome, Sandbox sandbox)
    {
        var resource = Assert.Single(outcome.Received.Select(span => span.Resource).Distinct());
        Assert.Equal(resource, Assert.Single(outcome.ReceivedLogs.Select(log => log.Resource).Distinct()));
        Assert.Equal("orders", resource.Text("service.name"));
        Assert.Equal("orders", resource.Text("faas.name"));
        Assert.Equal("$LATEST", resource.Text("faas.version"));
        Assert.Equal(sandbox.LogStream, resource.Text("faas.instance"));
        Assert.Equal(128L << 20, resource.Attributes.Value("faas.max_memory")!.IntValue);
        Assert.Equal("aws", resource.Text("cloud.provider"));
        Assert.Equal("aws_lambda", resource.Text("cloud.platform"));
        Assert.Equal("eu-west-1", resource.Text("cloud.region"));
        Assert.Equal("123456789012", resource.Text("cloud.account.id"));
        Assert.Equal(sandbox.FunctionArn, resource.Text("cloud.resource_id"));
        Assert.True(Guid.TryParse(resource.Text("service.instance.id"), out _));
        Assert.Equal("telemetry-extension", Assert.Single(outcome.Received.Select(span => span.Scope.Name).Distinct()));
    }
}
