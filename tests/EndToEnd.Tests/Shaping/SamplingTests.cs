using LambdaSandbox;

namespace EndToEnd.Tests.Shaping;

/// <summary>Traces that are left out, and those that are kept for their outcome: with the spans of the function's SDK, and its log lines.</summary>
public sealed class SamplingTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    [Theory]
    [InlineData(TracingMode.Active)]
    [InlineData(TracingMode.PassThrough)]
    public async Task Of_traces_that_are_left_out_those_that_failed_or_started_cold_arrive_whole(TracingMode mode)
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => FunctionSdkTests.Redirected(options, port) with { Tracing = mode },
            ("TELEMETRY_EXTENSION_TRACES_SAMPLER", "always_off"), ("TELEMETRY_EXTENSION_SAMPLE_LOGS", "true"));
        var cold = await lambda.InvokeAsync(Order);
        var ordinary = await lambda.InvokeAsync(Order);
        var failed = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var last = await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        foreach (var kept in new[] { cold, failed })
        {
            var own = outcome.Child(outcome.Invocation(kept), "process order");
            Assert.Equal(kept == cold ? 3 : 2, outcome.Children(own).Count);
            Assert.NotEmpty(outcome.LogsOf(kept.RequestId));
        }

        foreach (var left in new[] { ordinary, last })
        {
            Assert.DoesNotContain(outcome.Spans, span => span.Text("faas.invocation_id") == left.RequestId);
            Assert.Empty(outcome.LogsOf(left.RequestId));
        }

        Assert.Equal(2, outcome.Spans.GroupBy(span => span.TraceId).Count());
        // Metrics count what is left out too.
        Assert.Equal((3, 1, 0, 1), outcome.Counts);
        // The server span and its three parts (the fourth comes late, of the last not at all), and four of the function's SDK.
        Assert.InRange(outcome.Ledger.Traces.Sampled, 16, 18);
        Assert.InRange(outcome.Ledger.Logs.Sampled, 6, 8);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    [Fact]
    public async Task A_timeout_is_kept_and_what_the_ratio_keeps_is_kept_whole()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(2) },
            ("TELEMETRY_EXTENSION_TRACES_SAMPLER", "traceidratio"), ("TELEMETRY_EXTENSION_TRACES_SAMPLER_ARG", "0.5"), ("TELEMETRY_EXTENSION_TRACES_KEEP", "errors"));
        // The last seven bytes of the id decide.
        var kept = await lambda.InvokeAsync(Order, new InvokeOptions { TraceHeader = Header("1", "80000000000000") });
        var left = await lambda.InvokeAsync(Order, new InvokeOptions { TraceHeader = Header("2", "7fffffffffffff") });
        var late = await lambda.InvokeToErrorAsync("""{"timeout":true}""", "Sandbox.Timedout", new InvokeOptions { TraceHeader = Header("3", "00000000000000") });
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(lives: 2);

        Assert.True(outcome.Children(outcome.Invocation(kept)).Count >= 4, outcome.ToString());
        Assert.DoesNotContain(outcome.Spans, span => span.Text("faas.invocation_id") == left.RequestId);
        Assert.True(outcome.Spans.Single(span => span.Text("faas.invocation_id") == late.RequestId).IsError());
        Assert.Equal(3, outcome.LogsOf(left.RequestId).Count);
        Assert.True(outcome.Ledger.Traces.Sampled >= 4, $"{outcome.Ledger.Traces}");
    }

    private static string Header(string invocation, string last) =>
        $"Root=1-5759e988-{invocation.PadLeft(10, '0')}{last};Parent=53995c3f42cd8a0{invocation};Sampled=0";
}
