using System.Diagnostics;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Tests.Processing.Logs;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class DurableExecutionsTests
{
    private const string Arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:7/durable-execution/order-7/0b5c";
    private readonly InvocationTracker _tracker = new("orders");

    [Fact]
    public void LaterInvocation_OfTheSameExecution_IsAReplayThatLinksToTheFirst()
    {
        Run("a", 1000, Arn);
        Run("b", 2000, Arn);
        Run("c", 3000, Arn + "1");
        Run("d", 4000, null);

        var first = _tracker.Spans[0];
        Assert.Equal([Arn, Arn, Arn + "1", null], _tracker.Spans.Select(span => Attribute(span, "telemetry_extension.durable_execution.arn")));
        Assert.Equal([null, true, null, null], _tracker.Spans.Select(span => Attribute(span, "telemetry_extension.durable_execution.replay")));
        Assert.Equal((first.TraceId, first.SpanId), (Assert.Single(_tracker.Spans[1].Links).TraceId, _tracker.Spans[1].Links[0].SpanId));
        Assert.Equal([0, 1, 0, 0], _tracker.Spans.Select(span => span.Links.Count));
    }

    [Fact]
    public void Span_OfTheFunctionsSdk_NamesTheExecution()
    {
        _tracker.Apply(Events.Start("a", 1000, null));
        var id = ActivityTraceId.CreateRandom();
        _tracker.OnFunctionSpan(new("a", true, id, ActivitySpanId.CreateRandom(), null, null, []) { DurableExecution = Arn });

        Assert.Equal(Arn, System.Text.Encoding.UTF8.GetString(_tracker.OpenAt(1001)!.DurableExecutionUtf8!));
    }

    [Theory]
    [InlineData($$"""{"level":"INFO","executionArn":"{{Arn}}","requestId":"{{LogEncoding.Id}}","message":"step"}""", true)]
    [InlineData($$"""{"level":"INFO","executionArn":"arn:aws:states:eu-west-1:1:execution:x:y","requestId":"{{LogEncoding.Id}}","message":"step"}""", false)]
    [InlineData($$"""{"level":"INFO","executionArn":7,"requestId":"{{LogEncoding.Id}}","message":"step"}""", false)]
    [InlineData($$"""{"level":"INFO","executionArn":"{{Arn}}","message":"of nobody"}""", false)]
    public void JsonRecord_WithAnExecutionsArn_TellsItAndKeepsTheMember(string record, bool told)
    {
        var encoding = new LogEncoding();

        Assert.Contains("executionArn", LogEncoding.Attributes(Assert.Single(encoding.Encode(record))).Keys);
        Assert.Equal(told ? [Arn] : [], encoding.Executions);
    }

    [Fact]
    public void Records_OfATenantAndAnExecution_SaySo()
    {
        var context = new InvocationContext("a", ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), true) { TenantIdUtf8 = "blue"u8.ToArray(), DurableExecutionUtf8 = "arn:x"u8.ToArray() };

        var attributes = LogEncoding.Attributes(LogEncoding.Text("plain", context));

        Assert.Equal(("blue", "arn:x"), (attributes["telemetry_extension.tenant_id"].StringValue, attributes["telemetry_extension.durable_execution.arn"].StringValue));
    }

    private void Run(string id, long at, string? arn)
    {
        _tracker.OnInvoke(id, "", null, at);
        _tracker.Apply(Events.Start(id, at, null));
        if (arn is not null)
            _tracker.OnDurableExecution(_tracker.OpenAt(at)!, arn);
        _tracker.Apply(Events.RuntimeDone(id, at + 10, 0.001));
    }

    private static object? Attribute(SpanData span, string name) => span.Attributes.FirstOrDefault(attribute => attribute.Key == name).Value;
}
