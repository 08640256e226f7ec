namespace EndToEnd.Tests.Lifecycle;

/// <summary>The log of a start, and its size.</summary>
public sealed class StartUpLogTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    [Fact]
    public async Task One_line_tells_what_runs_without_secrets()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret-1"), ("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", "http://user:secret-2@127.0.0.1:9/path?key=secret-3"));
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync(backendHasAll: false);

        var start = Assert.Single(lambda.ExtensionLines, Outcome.IsStart);
        Assert.Matches(
            @"^\[telemetry-extension\] version \d+\.\d+\.\d+; destinations: otlp http://127\.0\.0\.1:\d+ \(traces, metrics, logs\), otlp-2 http://127\.0\.0\.1:9 \(traces, metrics, logs\); "
            + @"OTLP receiver: http \d+, grpc \d+; Telemetry API: subscribed; flush strategy: adaptive$",
            start);
        Assert.DoesNotContain(lambda.ExtensionLines, line => line.Contains("secret", StringComparison.Ordinal) && !line.StartsWith("otlp-dead-letter", StringComparison.Ordinal));
        Assert.NotNull(outcome);
    }

    [Fact]
    public async Task A_misspelt_setting_is_named_with_the_one_that_was_meant()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_FLUSH_STRATEGIE", "end"), ("TELEMETRY_EXTENTION_METRICS", "secret"), ("TELEMETRY_EXPORTER_METRICS", "1"));
        await lambda.InvokeAsync(Order);
        var outcome = await lambda.EndAsync();

        Assert.EndsWith(
            "TELEMETRY_EXTENSION_FLUSH_STRATEGIE is not a setting and is ignored; did you mean TELEMETRY_EXTENSION_FLUSH_STRATEGY?",
            outcome.Line("FLUSH_STRATEGIE"), StringComparison.Ordinal);
        Assert.EndsWith("did you mean TELEMETRY_EXTENSION_METRICS?", outcome.Line("EXTENTION"), StringComparison.Ordinal);
        Assert.Equal(2, outcome.Said.Count);
    }

    [Theory]
    [InlineData("error", 0, 0, 0)]
    [InlineData("WARN", 1, 0, 0)]
    [InlineData("info", 1, 1, 0)]
    [InlineData("debug", 1, 1, 2)]
    [InlineData("verbose", 2, 1, 0)]
    public async Task The_level_decides_what_is_logged(string level, int warnings, int starts, int flushes)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Environment["TELEMETRY_EXTENSION_LOG_LEVEL"] = level;
        lambda.Environment["TELEMETRY_EXTENSION_SPAM"] = "1";
        lambda.Start();
        var next = await lambda.NextAsync();
        for (var i = 0; i < 2; i++)
            next = await lambda.InvokeAsync(next, $"request-{i}");
        await lambda.ShutDownAsync(next);

        Assert.Equal(
            (warnings, starts, starts, flushes),
            (Count(" WARN "), Count("] version "), Count("] ledger: "), Count(" DEBUG flush because the invocation has ended: sent ")));

        int Count(string text) => lambda.Lines.Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>Init waits while lines are written.</summary>
    [Fact]
    public async Task Nothing_is_written_before_the_first_Next()
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Environment["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "wrong";
        // Lambda is slow with the subscription, and Next follows only then.
        lambda.SlowPath = "/telemetry";
        lambda.Start();
        var next = await lambda.NextAsync();

        Assert.Equal(0, await lambda.ShutDownAsync(next));
        Assert.Equal(0, await lambda.LinesWhenSlow);
        Assert.Equal(3, lambda.Lines.Count);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("replay --help")]
    [InlineData("replay --version")]
    public async Task Help_and_version_end_with_0(string arguments)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Start($"exec \"$0\" {arguments}");

        Assert.Equal(0, await lambda.ExitAsync(TimeSpan.FromSeconds(5)));
        Assert.NotEmpty(lambda.Lines);
    }
}
