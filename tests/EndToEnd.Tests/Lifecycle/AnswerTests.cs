namespace EndToEnd.Tests.Lifecycle;

/// <summary>For any answer of Lambda's APIs the extension stays, asks again without a hot loop, and loses nothing uncounted.</summary>
[Collection(nameof(Alone))]
public sealed class AnswerTests
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"eventType\":\"INVOKE\"}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"eventType\":\"NEWISH\"")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>Log in</html>\r\n")]
    [InlineData("HTTP/1.1 307 Elsewhere\r\nLocation: http://169.254.1.1/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: none\r\n\r\n")]
    [InlineData("no HTTP\r\n\r\n")]
    public async Task After_an_answer_to_Next_that_is_not_an_event_Next_is_sent_again_without_a_hot_loop(string answer)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Start();
        var next = await lambda.NextAsync();

        await next.RawAsync(answer);
        var calls = await lambda.AnswerForAsync(Watched, call => call.RawAsync(answer));
        Assert.False(lambda.HasExited, lambda.Log);
        Assert.InRange(calls, 3, 12);

        next = await lambda.InvokeAsync(await lambda.NextAsync(), "request-1");
        Assert.Equal(0, await lambda.ShutDownAsync(next));
        Assert.Contains(lambda.Backend.Spans, received => received.Span.Text("faas.invocation_id") == "request-1");
        Assert.Single(lambda.Lines, line => line.Contains("is not an event", StringComparison.Ordinal) || line.Contains("unknown event", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_is_reset_again_and_again_is_made_again()
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Start();
        for (var i = 0; i < 8; i++)
            (await lambda.NextAsync()).Reset();

        var next = await lambda.InvokeAsync(await lambda.NextAsync(), "request-1");
        Assert.Equal(0, await lambda.ShutDownAsync(next));
    }

    [Fact]
    public async Task An_event_that_arrives_byte_by_byte_is_an_event()
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Start();
        var next = await lambda.NextAsync();
        const string Event = """{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":0}""";
        foreach (var letter in $"HTTP/1.1 200 OK\r\nContent-Length: {Event.Length}\r\n\r\n{Event}")
            await next.RawAsync($"{letter}");

        Assert.Equal(0, await lambda.ExitAsync(TimeSpan.FromSeconds(3)));
    }

    /// <summary>403 and 500 are final: AWS asks the extension to exit. It is not called again.</summary>
    [Theory]
    [InlineData(403, true)]
    [InlineData(500, true)]
    [InlineData(500, false)]
    public async Task A_Next_that_is_refused_ends_in_the_ledger_with_nothing_lost(int status, bool hasBackend)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Environment["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "periodic";
        lambda.Start();
        var next = await lambda.NextAsync();
        for (var i = 0; i < 4; i++)
            next = await lambda.InvokeAsync(next, $"request-{i}");
        if (!hasBackend)
            await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        await lambda.PostAsync("function", "\"precious\"");

        await next.RawAsync($"HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\n{{}}");

        Assert.Equal(1, await lambda.ExitAsync(TimeSpan.FromSeconds(4)));
        Assert.StartsWith(LedgerReading.Prefix, lambda.Lines[^1], StringComparison.Ordinal);
        var logs = LedgerReading.Read(lambda.Lines[^1]).Logs;
        Assert.Equal((5, 0), (logs.Received, logs.Dropped));
        Assert.Equal(5, logs.Exported + logs.DeadLettered);
        Assert.Equal(hasBackend, logs.DeadLettered == 0);
    }

    [Trait("Category", "Slow")]
    [Fact]
    public async Task An_API_that_is_gone_ends_in_the_ledger()
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Start();
        await lambda.NextAsync();

        var watch = TimeProvider.System.GetTimestamp();
        lambda.CloseApi();

        Assert.Equal(1, await lambda.ExitAsync(TimeSpan.FromSeconds(15)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(watch), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(15));
        Assert.StartsWith(LedgerReading.Prefix, lambda.Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>\r\n</html>")]
    [InlineData("HTTP/1.1 500 Internal\r\nConnection: close\r\n\r\nsome text")]
    [InlineData("garbage\r\n\r\n")]
    [InlineData(null)]
    public async Task Whatever_the_subscription_is_answered_the_function_works(string? answer)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Answers["telemetry"] = new([answer]);
        lambda.Start();
        var next = await lambda.NextAsync();
        await next.AnswerAsync($$"""{"eventType":"INVOKE","deadlineMs":{{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1000}},"requestId":"1","invokedFunctionArn":"a"}""");

        Assert.Equal(0, await lambda.ShutDownAsync(await lambda.NextAsync()));
        Assert.InRange(lambda.Lines.Count(line => line.Contains("subscription", StringComparison.Ordinal) || line.Contains("not supported", StringComparison.Ordinal)), 0, 1);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_temporary_failure_of_Register_does_not_fail_init(string? answer)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Answers["register"] = new([answer]);
        lambda.Start();

        Assert.Equal(0, await lambda.ShutDownAsync(await lambda.NextAsync()));
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("<html></html>\r\n\r\n")]
    public async Task Without_registration_it_ends_at_once_and_tells_why(string answer)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Answers["register"] = new(Enumerable.Repeat<string?>(answer, 10));
        lambda.Start();

        Assert.Equal(1, await lambda.ExitAsync(TimeSpan.FromSeconds(3)));
        Assert.Contains("ERROR the Extensions API failed", Assert.Single(lambda.Lines), StringComparison.Ordinal);
    }
}
