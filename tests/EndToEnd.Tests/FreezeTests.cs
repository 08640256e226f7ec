using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests;

public sealed class FreezeTests
{
    [Fact]
    public async Task Fifty_invocations_with_a_freeze_between_all_arrive_and_nothing_is_lost()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        var results = new List<InvocationResult>();
        for (var number = 0; number < 50; number++)
        {
            results.Add(await lambda.InvokeAsync($"{{\"order\":{{\"id\":\"{number}\"}}}}"));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        var outcome = await lambda.EndAsync();

        foreach (var result in results)
        {
            Assert.Equal(["function", "telemetry-extension"], result.Frozen.Select(process => process.Name).Order());
            Assert.All(result.Frozen, process => Assert.True(process.StoppedFor > TimeSpan.Zero, $"{process.Name} was not stopped before {result}"));
            var span = outcome.Invocation(result);
            Assert.Equal(result == results[0], span.Flag("faas.coldstart"));
            outcome.Child(span, "extensionOverhead");
            Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
            Assert.All(outcome.LogsOf(result.RequestId), log => Assert.Equal((span.TraceId, span.SpanId), (log.TraceId, log.SpanId)));
        }

        Assert.Equal(50, outcome.Spans.Count(span => span.Kind == Span.Types.SpanKind.Server));
        Assert.Equal(150, outcome.Logs.Count);
        Assert.Equal(0, outcome.Ledger.Accounts.Sum(account => account.Account.Dropped));
        Assert.True(lambda.Backend.Requests.Count < 50, $"{lambda.Backend.Requests.Count} requests for 50 quick invocations: every one was flushed by itself");
    }

    [Fact]
    public async Task A_freeze_in_the_middle_of_an_invocation_and_of_its_telemetry_loses_nothing()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(5) });
        var result = await lambda.InvokeAsync(
            """{"order":{"id":"1"},"logLines":500,"logBytes":200,"sleepMs":50}""",
            new InvokeOptions { WhileRunning = _ => lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken) });
        var outcome = await lambda.EndAsync();

        Assert.Equal(503, outcome.LogsOf(result.RequestId).Count);
        Assert.False(outcome.Invocation(result).IsError());
    }
}
