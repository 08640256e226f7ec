namespace EndToEnd.Tests;

public sealed class VolumeTests
{
    [Fact]
    public async Task Twenty_thousand_lines_of_one_invocation_all_arrive()
    {
        const int Lines = 20_000;
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(15) });
        var result = await lambda.InvokeAsync($"{{\"logLines\":{Lines},\"logBytes\":100}}");
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, outcome.Ledger.Logs.Dropped);
        var bodies = outcome.LogsOf(result.RequestId).Select(log => log.Body.StringValue).Where(body => body.StartsWith("load ", StringComparison.Ordinal)).ToHashSet();
        Assert.Equal(Lines + 3, outcome.Logs.Count);
        Assert.Equal(Enumerable.Range(0, Lines).Select(number => $"load {number} ".PadRight(100, 'x')).ToHashSet(), bodies);
    }

    [Fact]
    public async Task More_than_fits_is_counted_and_the_span_arrives_all_the_same()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(15) },
            ("TELEMETRY_EXTENSION_BUFFER_BYTES", "65536"), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", "0"));
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var result = await lambda.InvokeAsync("""{"logLines":2000,"logBytes":1000}""");
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(result).IsError());
        Assert.Equal(2003, outcome.Ledger.Logs.Received);
        Assert.True(outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.DeadLettered > 0, "everything fit");
    }
}
