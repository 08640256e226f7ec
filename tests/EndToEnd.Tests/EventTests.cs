using System.Text.Json.Nodes;
using LambdaSandbox;
using OpenTelemetry.Proto.Logs.V1;

namespace EndToEnd.Tests;

/// <summary>Events as documented, in all possible orders (AWS: "Lambda Telemetry API Event schema reference").</summary>
public sealed class EventTests
{
    private const string RequestId = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Tracing = """{"spanId":"54565fb41ac79632","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}""";

    private static readonly Dictionary<string, (string Time, string Type, string Record)> Documented = new()
    {
        ["initStart"] = ("2025-08-11T11:59:59.400Z", "platform.initStart", """
            {"initializationType":"on-demand","phase":"init","runtimeVersion":"nodejs:22.mainline.v122","functionName":"orders","functionVersion":"$LATEST",
            "instanceId":"2025/08/11/orders[$LATEST]22be53a8c4d14f1e9a7b0c6d5e4f3a21","instanceMaxMemory":268435456}
            """),
        ["initRuntimeDone"] = ("2025-08-11T11:59:59.860Z", "platform.initRuntimeDone", """{"initializationType":"on-demand","phase":"init","status":"success"}"""),
        ["initReport"] = ("2025-08-11T11:59:59.864Z", "platform.initReport", """
            {"initializationType":"on-demand","phase":"init","status":"success","metrics":{"durationMs":463.512}}
            """),
        ["start"] = ("2025-08-11T12:00:00.000Z", "platform.start", $$"""
            {"requestId":"{{RequestId}}","version":"$LATEST","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:orders","tracing":{{Tracing}},"tenantId":"blue"}
            """),
        ["runtimeDone"] = ("2025-08-11T12:00:00.250Z", "platform.runtimeDone", $$"""
            {"requestId":"{{RequestId}}","status":"success","metrics":{"durationMs":249.9,"producedBytes":1532},"spans":[
            {"name":"responseLatency","start":"2025-08-11T12:00:00.000Z","durationMs":244.1},
            {"name":"responseDuration","start":"2025-08-11T12:00:00.244Z","durationMs":0.3},
            {"name":"runtimeOverhead","start":"2025-08-11T12:00:00.245Z","durationMs":5.5}],"tracing":{{Tracing}},"tenantId":"blue"}
            """),
        // The event does not name its request, so it belongs to the invocation that runs at its time.
        ["log"] = ("2025-08-11T12:00:00.101Z", "function", "\"order accepted\\n\""),
        ["report"] = ("2025-08-11T12:00:00.262Z", "platform.report", $$"""
            {"requestId":"{{RequestId}}","status":"success","metrics":{"durationMs":254.31,"billedDurationMs":718,"memorySizeMB":256,"maxMemoryUsedMB":123,
            "initDurationMs":463.512},"spans":[{"name":"extensionOverhead","start":"2025-08-11T12:00:00.250Z","durationMs":4.2}],"tracing":{{Tracing}},"tenantId":"blue"}
            """),
    };

    [Theory]
    [InlineData("initStart initRuntimeDone initReport start log runtimeDone report")]
    [InlineData("initStart start initRuntimeDone log initReport runtimeDone report")]
    [InlineData("initStart initRuntimeDone start initReport runtimeDone log report")]
    [InlineData("initStart initStart initRuntimeDone initReport start start log runtimeDone runtimeDone report report")]
    [InlineData("initStart initRuntimeDone initReport start report log runtimeDone")]
    public async Task In_every_order_the_documented_events_give_the_same_tree(string order)
    {
        var outcome = await PlayAsync(order);

        var span = outcome.Invocation(RequestId);
        Assert.Equal(
            ("5759e988bd862e3fe1be46a994272793", "54565fb41ac79632", "53995c3f42cd8ad8"), (span.TraceId.Hex(), span.SpanId.Hex(), span.ParentSpanId.Hex()));
        Assert.Equal(At("12:00:00.000"), span.Start());
        Assert.Equal("blue", span.Text("telemetry_extension.tenant_id"));
        Assert.False(span.IsError());
        var init = outcome.Child(span, "init");
        Assert.Equal((At("11:59:59.400"), TimeSpan.FromMilliseconds(463.512)), (init.Start(), init.Duration()));
        Assert.Equal(At("11:59:59.860"), outcome.Child(init, "init.runtime").End());
        var overhead = outcome.Child(span, "extensionOverhead");
        Assert.Equal((At("12:00:00.250"), TimeSpan.FromMilliseconds(4.2)), (overhead.Start(), overhead.Duration()));
        if (!order.EndsWith("report log runtimeDone", StringComparison.Ordinal))
        {
            Assert.Equal(TimeSpan.FromMilliseconds(249.9), span.Duration());
            var latency = outcome.Child(span, "responseLatency");
            Assert.Equal((At("12:00:00.000"), TimeSpan.FromMilliseconds(244.1)), (latency.Start(), latency.Duration()));
            Assert.Equal(TimeSpan.FromMilliseconds(0.3), outcome.Child(span, "responseDuration").Duration());
            Assert.Equal(TimeSpan.FromMilliseconds(5.5), outcome.Child(span, "runtimeOverhead").Duration());
            Check(outcome, "telemetry_extension.invocation.response_latency", 0.2441);
            Check(outcome, "telemetry_extension.invocation.produced_bytes", 1532);
        }

        var log = outcome.Log("order accepted");
        Assert.Equal((span.TraceId, span.SpanId, RequestId), (log.TraceId, log.SpanId, log.Text("faas.invocation_id")));
        Assert.Equal((1, 0, 0, 1), outcome.Counts);
        Check(outcome, "faas.invoke_duration", span.Duration().TotalSeconds);
        Check(outcome, "faas.init_duration", 0.463512);
        Check(outcome, "faas.mem_usage", 123 * 1024 * 1024);
        Check(outcome, "telemetry_extension.invocation.billed_duration", 0.718);
        Check(outcome, "telemetry_extension.invocation.extension_overhead", 0.0042);
    }

    private static void Check(Outcome outcome, string metric, double value)
    {
        var (count, sum) = outcome.Distribution(metric);
        Assert.Equal(1, count);
        Assert.Equal(value, sum, 1e-6);
    }

    [Theory]
    [InlineData("start runtimeDone", 249.9)]
    [InlineData("runtimeDone report", 249.9)]
    [InlineData("start report", 254.31)]
    [InlineData("report", 254.31)]
    public async Task Whatever_is_missing_there_is_one_span_for_the_invocation(string order, double milliseconds)
    {
        var outcome = await PlayAsync(order);

        var span = outcome.Invocation(RequestId);
        Assert.Equal(("5759e988bd862e3fe1be46a994272793", "54565fb41ac79632"), (span.TraceId.Hex(), span.SpanId.Hex()));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), span.Duration());
        Assert.False(span.IsError());
    }

    [Fact]
    public async Task A_tenant_is_named_on_the_span()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var result = await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions { TenantId = "green" });
        var outcome = await lambda.EndAsync();

        Assert.Equal("green", outcome.Invocation(result).Text("telemetry_extension.tenant_id"));
        Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
        Assert.All(outcome.LogsOf(result.RequestId), log => Assert.Equal((outcome.Invocation(result).SpanId, "green"), (log.SpanId, log.Text("telemetry_extension.tenant_id"))));
        Assert.Equal((1, 0, 0, 1), outcome.Counts);
    }

    [Fact]
    public async Task Records_that_Lambda_dropped_are_a_warning()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions
        {
            WhileRunning = _ =>
            {
                lambda.Sandbox.Emit("platform.logsDropped", JsonNode.Parse("""{"droppedBytes":12345,"droppedRecords":123,"reason":"the consumer is slow"}"""));
                return Task.CompletedTask;
            },
        });
        var outcome = await lambda.EndAsync();

        var warning = Assert.Single(outcome.Logs, log => log.EventName == "platform.logsDropped");
        Assert.Equal(SeverityNumber.Warn, warning.SeverityNumber);
        Assert.Contains("123", warning.Body.StringValue, StringComparison.Ordinal);
        Assert.Equal(
            (123, 12345), (outcome.Total("telemetry_extension.platform.dropped_records"), outcome.Total("telemetry_extension.platform.dropped_bytes")));
    }

    /// <summary>Only the played events arrive, all of them while the one invocation runs.</summary>
    private static async Task<Outcome> PlayAsync(string order)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(1), Faults = new SandboxFaults { ScriptedTelemetry = true } });
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions
        {
            RequestId = RequestId,
            TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=54565fb41ac79632;Sampled=1",
            WhileRunning = _ =>
            {
                foreach (var name in order.Split(' '))
                    lambda.Sandbox.Emit(Documented[name].Type, JsonNode.Parse(Documented[name].Record), DateTimeOffset.Parse(Documented[name].Time));
                return Task.CompletedTask;
            },
        });
        return await lambda.EndAsync();
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2025-08-11T{time}Z");
}
