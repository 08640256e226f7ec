using LambdaSandbox;

namespace EndToEnd.Tests;

/// <summary>The ids of an invocation's span, which the function's own spans name as their parent (docs/decisions/0003).</summary>
public sealed class TracingTests
{
    private const string Order = """{"order":{"id":"1"}}""";
    private const string TraceId = "5759e988bd862e3fe1be46a994272793";
    private const string Upstream = "53995c3f42cd8ad8";
    private const string Header = $"Root=1-5759e988-bd862e3fe1be46a994272793;Parent={Upstream};Sampled=";

    [Fact]
    public async Task Active_tracing_gives_the_span_the_id_of_Lambdas_segment_under_the_caller()
    {
        var (outcome, results) = await RunAsync(TracingMode.Active, new InvokeOptions { TraceHeader = Header + "1" }, new InvokeOptions());

        var given = outcome.Invocation(results[0]);
        var segment = TraceHeader.Read(results[0].TraceHeader);
        Assert.NotEqual(Upstream, segment.Parent);
        Assert.Equal((TraceId, segment.Parent, Upstream), (given.TraceId.Hex(), given.SpanId.Hex(), given.ParentSpanId.Hex()));

        // Without a caller Lambda itself starts the trace.
        var own = outcome.Invocation(results[1]);
        var made = TraceHeader.Read(results[1].TraceHeader);
        Assert.Equal((made.TraceId, made.Parent), (own.TraceId.Hex(), own.SpanId.Hex()));
    }

    [Fact]
    public async Task Pass_through_of_a_sampled_header_gives_a_new_span_under_the_caller()
    {
        var (outcome, results) = await RunAsync(TracingMode.PassThrough, new InvokeOptions { TraceHeader = Header + "1" });

        var span = outcome.Invocation(results[0]);
        Assert.Equal((TraceId, Upstream), (span.TraceId.Hex(), span.ParentSpanId.Hex()));
        Assert.NotEqual(Upstream, span.SpanId.Hex());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pass_through_of_an_unsampled_header_is_recorded_and_takes_the_place_of_its_parent(bool given)
    {
        var (outcome, results) = await RunAsync(TracingMode.PassThrough, new InvokeOptions { TraceHeader = given ? Header + "0" : null });

        var header = TraceHeader.Read(results[0].TraceHeader);
        Assert.False(header.Sampled);
        var span = outcome.Invocation(results[0]);
        Assert.Equal((header.TraceId, header.Parent, ""), (span.TraceId.Hex(), span.SpanId.Hex(), span.ParentSpanId.Hex()));
    }

    [Fact]
    public async Task Without_any_header_ids_are_new_and_logs_are_correlated_all_the_same()
    {
        var (outcome, results) = await RunAsync(TracingMode.None, new InvokeOptions(), new InvokeOptions());

        Assert.All(results, result => Assert.Null(result.TraceHeader));
        Assert.All(results, result => Assert.Empty(outcome.Invocation(result).ParentSpanId));
        Assert.NotEqual(outcome.Invocation(results[0]).TraceId, outcome.Invocation(results[1]).TraceId);
    }

    [Theory]
    [InlineData("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", TraceId)]
    [InlineData("Sampled=1;Parent=53995c3f42cd8ad8;Lineage=a:1;Root=1-5759e988-bd862e3fe1be46a994272793", TraceId)]
    [InlineData("Root=1-nonsense;Parent=53995c3f42cd8ad8;Sampled=1", null)]
    [InlineData("=;;==nonsense;Root", null)]
    public async Task A_header_that_lacks_parts_is_used_as_far_as_it_goes(string header, string? traceId)
    {
        var (outcome, results) = await RunAsync(TracingMode.PassThrough, new InvokeOptions { TraceHeader = header });

        var span = outcome.Invocation(results[0]);
        if (traceId is not null)
            Assert.Equal(traceId, span.TraceId.Hex());
    }

    /// <summary>In every mode: one trace for each invocation's spans and logs, and the logs under its span.</summary>
    private static async Task<(Outcome Outcome, IReadOnlyList<InvocationResult> Results)> RunAsync(TracingMode mode, params InvokeOptions[] invocations)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Tracing = mode });
        var results = new List<InvocationResult>();
        foreach (var invocation in invocations)
            results.Add(await lambda.InvokeAsync(Order, invocation));
        var outcome = await lambda.EndAsync();
        foreach (var result in results)
        {
            var span = outcome.Invocation(result);
            Assert.Equal(result == results[0] ? 5 : 4, outcome.Children(span).Count);
            Assert.Equal(3, outcome.LogsOf(result.RequestId).Count);
            Assert.All(outcome.LogsOf(result.RequestId), log => Assert.Equal((span.TraceId, span.SpanId), (log.TraceId, log.SpanId)));
        }

        return (outcome, results);
    }
}
