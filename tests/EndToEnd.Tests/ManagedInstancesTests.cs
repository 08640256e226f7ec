using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

/// <summary>Lambda Managed Instances: no INVOKE, no freeze, no runtimeDone, several invocations at once, always JSON logs.</summary>
public sealed class ManagedInstancesTests
{
    [Fact]
    public async Task Overlapping_invocations_are_distinguished_and_a_timer_flushes()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { InitializationType = InitializationType.ManagedInstances, LogFormat = LogFormat.Json, MaxConcurrency = 4 },
            ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));
        Assert.Equal(["SHUTDOWN"], lambda.Sandbox.Extensions[0].Events);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => lambda.InvokeAsync($"{{\"order\":{{\"id\":\"{number}\"}},\"sleepMs\":30}}")));
        await lambda.Backend.WaitForAsync(
            backend => backend.Spans.Count(received => received.Span.Kind == Span.Types.SpanKind.Server) == 6,
            TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var failing = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var outcome = await lambda.EndAsync();

        foreach (var result in results.Append(failing))
        {
            var span = outcome.Invocation(result);
            Assert.Equal(TraceHeader.Read(result.TraceHeader).TraceId, span.TraceId.Hex());
            Assert.Equal(["responseLatency", "responseDuration"], outcome.Children(span).Select(child => child.Name));
            Assert.False(span.Flag("faas.coldstart"));
            // JSON lines name their request.
            var log = Assert.Single(outcome.LogsOf(result.RequestId), log => log.Body.StringValue is "payment charged" || log.Text("exception.type") is not null);
            Assert.Equal((span.TraceId, span.SpanId), (log.TraceId, log.SpanId));
        }

        Assert.True(outcome.Invocation(failing).IsError());
        Assert.Empty(outcome.Single("init").ParentSpanId);
        Assert.Equal((6, 1, 0, 0), outcome.Counts);
        var durations = outcome.Distribution("faas.invoke_duration");
        Assert.Equal(7, durations.Count);
        Assert.Equal(results.Append(failing).Sum(result => outcome.Invocation(result).Duration().TotalSeconds), durations.Sum, 0.01);
        Assert.Equal(7, outcome.Distribution("telemetry_extension.invocation.response_latency").Count);
        // Its report has only the duration, and no invocation waited for its init.
        Assert.DoesNotContain(outcome.Metrics, metric =>
            metric.Name is "faas.mem_usage" or "faas.init_duration" or "telemetry_extension.invocation.billed_duration" or "telemetry_extension.estimated_cost");
        Assert.NotEqual(0, outcome.Distribution("faas.cpu_usage").Count);
    }

    /// <summary>A line without a request id is read after its invocation: without one is better than with a wrong one.</summary>
    [Fact]
    public async Task Lines_that_are_read_late_get_no_wrong_invocation()
    {
        await using var lambda = await NodeFunction.StartInstrumentedAsync(options => options with
        {
            InitializationType = InitializationType.ManagedInstances,
            LogFormat = LogFormat.Json,
            MaxConcurrency = 1,
            Faults = new() { LineLag = TimeSpan.FromMilliseconds(15) },
        });
        var printed = new Dictionary<string, string>();
        for (var i = 0; i < 40; i++)
            printed.Add($"handling /{i}", (await lambda.InvokeAsync($$"""{"path":"/{{i}}"}""")).RequestId);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        var outcome = await lambda.EndAsync();

        var lines = outcome.Logs.Where(log => printed.ContainsKey(log.Body.StringValue)).ToList();
        Assert.Equal(40, lines.Count);
        Assert.All(lines, line => Assert.Contains(line.Text("faas.invocation_id"), new[] { null, printed[line.Body.StringValue] }));
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
    }

    /// <summary>Only the report shows the end there. No timer helps here.</summary>
    [Theory]
    [InlineData("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined")]
    [InlineData("""{"order":{"id":"14"},"sleepMs":3000}""", "Sandbox.Timedout")]
    public async Task Failures_are_flushed_at_once(string payload, string error)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with
            {
                InitializationType = InitializationType.ManagedInstances,
                LogFormat = LogFormat.Json,
                MaxConcurrency = 4,
                Timeout = TimeSpan.FromSeconds(1),
            },
            ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"));

        var failed = await lambda.InvokeToErrorAsync(payload, error);

        await lambda.Backend.WaitForAsync(
            backend => backend.Spans.Any(received => received.Span.Kind == Span.Types.SpanKind.Server && received.Span.IsError()),
            TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var outcome = await lambda.EndAsync();
        outcome.CheckNothingLost();
        Assert.True(outcome.Invocation(failed).IsError());
    }
}
