using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Flushing;

/// <summary>TELEMETRY_EXTENSION_SELF_TRACES: a span for each flush, which causes none.</summary>
public sealed class SelfTraceTests
{
    [Fact]
    public async Task On_EachFlush_IsASpanThatLinksToItsInvocation()
    {
        await using var lambda = await StartAsync("end", on: true);
        var results = await lambda.OrdersAsync(4);
        var outcome = await lambda.EndAsync();
        outcome.CheckAllArrived(results);

        var flushes = Flushes(lambda);
        Assert.InRange(flushes.Count, 4, 12);
        var invocations = lambda.Backend.Spans.Where(received => received.Span.Kind == Span.Types.SpanKind.Server).Select(received => received.Span.SpanId).ToHashSet();
        Assert.All(flushes, flush =>
        {
            Assert.True(flush.ParentSpanId.IsEmpty);
            Assert.Contains(Assert.Single(flush.Links).SpanId, invocations);
            Assert.Equal("end", flush.Text("telemetry_extension.flush.strategy"));
            Assert.True(flush.EndTimeUnixNano > flush.StartTimeUnixNano);
        });
        Assert.Contains(flushes, flush => flush.Text("telemetry_extension.flush.reason") == "the invocation has ended");
        var ids = lambda.Backend.Requests.SelectMany(request => request.Headers.Where(header => header.Key.Contains("batch", StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)).ToHashSet();
        var named = flushes.SelectMany(flush => flush.Attributes.First(each => each.Key == "telemetry_extension.flush.batch_ids").Value.ArrayValue.Values).Select(value => value.StringValue).ToList();
        Assert.NotEmpty(named);
        Assert.Subset(ids, named.ToHashSet());
    }

    [Theory]
    [InlineData("adaptive")]
    [InlineData("periodic")]
    public async Task On_OrOff_FlushesComeAfterTheSameInvocations(string strategy)
    {
        var off = await FlushedAsync(strategy, on: false);
        var on = await FlushedAsync(strategy, on: true);
        Assert.Empty(off.Flushes);
        Assert.NotEmpty(on.Flushes);
        Assert.Equal(off.After, on.After);
    }

    /// <summary>After which of the invocations something new was at the backend.</summary>
    private static async Task<(List<int> After, List<Span> Flushes)> FlushedAsync(string strategy, bool on)
    {
        await using var lambda = await StartAsync(strategy, on);
        List<int> after = [];
        List<InvocationResult> results = [];
        for (var number = 0; number < 15; number++)
        {
            var before = lambda.Backend.Requests.Count;
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}", ",\"sleepMs\":50")));
            if (lambda.Backend.Requests.Count > before)
                after.Add(number);
        }

        (await lambda.EndAsync()).CheckAllArrived(results);
        return (after, Flushes(lambda));
    }

    private static List<Span> Flushes(LambdaUnderTest lambda) =>
        [.. lambda.Backend.Spans.Select(received => received.Span).Where(span => span.Name == "flush")];

    private static Task<LambdaUnderTest> StartAsync(string strategy, bool on) => LambdaUnderTest.StartAsync(
        options => options with { MemorySizeMb = 256, Timeout = TimeSpan.FromSeconds(10) },
        ("TELEMETRY_EXTENSION_FLUSH_STRATEGY", strategy), ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"), ("TELEMETRY_EXTENSION_SELF_TRACES", on ? "true" : "false"));
}
