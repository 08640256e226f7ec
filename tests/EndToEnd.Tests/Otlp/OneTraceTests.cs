using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>
/// One request gives one trace: the SDK for JavaScript with its own instrumentation of Lambda, and an API Gateway event whose caller sent a W3C
/// traceparent (docs/decisions/0010).
/// </summary>
public sealed class OneTraceTests
{
    private const string CallersTrace = "0af7651916cd43dd8448eb211c80319c";
    private const string CallersSpan = "b7ad6b7169203331";

    [Theory]
    [InlineData(TracingMode.Active, "01")]
    [InlineData(TracingMode.Active, "00")]
    [InlineData(TracingMode.PassThrough, "01")]
    [InlineData(TracingMode.PassThrough, "00")]
    public async Task A_request_with_traceparent_is_one_trace_of_the_callers(TracingMode tracing, string flags)
    {
        await using var lambda = await NodeFunction.StartInstrumentedAsync(options => options with { Tracing = tracing });
        var cold = await lambda.InvokeAsync(Event($"00-{CallersTrace}-{CallersSpan}-{flags}"));
        var warm = await lambda.InvokeAsync(Event($"00-1{CallersTrace[1..]}-{CallersSpan}-{flags}"));
        var outcome = await lambda.EndAsync();

        CheckTrace(outcome, cold, CallersTrace, ["handler", "init", "init.runtime", "load order"]);
        CheckTrace(outcome, warm, "1" + CallersTrace[1..], ["handler", "load order"]);
        Assert.All(outcome.Spans, span => Assert.Contains(span.TraceId.Hex(), new[] { CallersTrace, "1" + CallersTrace[1..] }));
        CheckLink(outcome, cold, tracing);
        CheckLogs(outcome, cold, CallersTrace);
        CheckLogs(outcome, warm, "1" + CallersTrace[1..]);
        Assert.Empty(outcome.Said);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    /// <summary>Without a caller's header the SDK takes X-Ray's, and its span is a child of ours.</summary>
    [Theory]
    [InlineData(TracingMode.Active)]
    [InlineData(TracingMode.PassThrough)]
    public async Task A_request_without_traceparent_is_one_trace_below_the_invocation(TracingMode tracing)
    {
        await using var lambda = await NodeFunction.StartInstrumentedAsync(options => options with { Tracing = tracing });
        var result = await lambda.InvokeAsync("""{"path":"/orders/7"}""");
        var outcome = await lambda.EndAsync();

        var (own, function) = (Own(outcome, result), Function(outcome, result));
        Assert.Equal((own.TraceId, own.SpanId), (function.TraceId, function.ParentSpanId));
        Assert.True(own.ParentSpanId.IsEmpty, "the invocation must be the root: nobody records what the header names");
        Assert.Single(outcome.Spans.Select(span => span.TraceId).Distinct());
        Assert.Equal(TraceHeader.Read(result.TraceHeader).TraceId, own.TraceId.Hex());
    }

    [Fact]
    public async Task A_failure_is_described_by_its_exception_in_the_callers_trace()
    {
        await using var lambda = await NodeFunction.StartInstrumentedAsync();
        var failed = await lambda.InvokeToErrorAsync(Event($"00-{CallersTrace}-{CallersSpan}-01", "\"fail\":true,"), "Function.TypeError");
        var outcome = await lambda.EndAsync();

        var own = Own(outcome, failed);
        Assert.Equal((CallersTrace, "Function.TypeError"), (own.TraceId.Hex(), own.Text("error.type")));
        Assert.Equal((true, "the order has no items"), (own.IsError(), own.Status.Message));
        var log = Assert.Single(outcome.LogsOf(failed.RequestId), log => log.EventName == "faas.invocation.exception");
        Assert.Equal((CallersTrace, "TypeError", SeverityNumber.Error), (log.TraceId.Hex(), log.Text("exception.type"), log.SeverityNumber));
    }

    private static void CheckTrace(Outcome outcome, InvocationResult result, string trace, string[] expected)
    {
        var (own, function) = (Own(outcome, result), Function(outcome, result));
        Assert.Equal((trace, CallersSpan), (function.TraceId.Hex(), function.ParentSpanId.Hex()));
        Assert.Equal((trace, function.SpanId), (own.TraceId.Hex(), own.ParentSpanId));
        var spans = outcome.Received.Where(received => received.Span.TraceId.Hex() == trace).ToList();
        // One span without a known parent: the SDK's, whose parent is the caller's.
        Assert.Equal([function], spans.Select(received => received.Span).Where(span => spans.TrueForAll(other => other.Span.SpanId != span.ParentSpanId)));
        var names = spans.Select(received => received.Span == function ? "handler" : received.Span.Name).Except(["orders", "responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead", "init.extensions"]);
        Assert.Equal(expected, names.Order(StringComparer.Ordinal));
    }

    /// <summary>X-Ray has the other trace only when it sampled the request.</summary>
    private static void CheckLink(Outcome outcome, InvocationResult result, TracingMode tracing)
    {
        var links = Own(outcome, result).Links.Select(link => link.TraceId.Hex());
        Assert.Equal(tracing == TracingMode.Active ? [TraceHeader.Read(result.TraceHeader).TraceId] : [], links);
    }

    private static void CheckLogs(Outcome outcome, InvocationResult result, string trace)
    {
        var log = Assert.Single(outcome.LogsOf(result.RequestId), log => log.Body.StringValue == "handling /orders/7");
        Assert.Equal((trace, Own(outcome, result).SpanId), (log.TraceId.Hex(), log.SpanId));
    }

    private static Span Own(Outcome outcome, InvocationResult result) => Server(outcome, result, received => received.Scope.Name == "telemetry-extension");

    private static Span Function(Outcome outcome, InvocationResult result) => Server(outcome, result, received => received.Scope.Name != "telemetry-extension");

    private static Span Server(Outcome outcome, InvocationResult result, Func<ReceivedSpan, bool> whose) => Assert.Single(outcome.Received, received =>
        received.Span.Kind == Span.Types.SpanKind.Server && received.Span.Text("faas.invocation_id") == result.RequestId && whose(received)).Span;

    private static string Event(string traceparent, string more = "") => $$"""
        {"path":"/orders/7","httpMethod":"GET","resource":"/orders/{id}",{{more}}"headers":{"traceparent":"{{traceparent}}","host":"api.example.com"},"requestContext":{"stage":"live"} }
        """;
}
