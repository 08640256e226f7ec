namespace EndToEnd.Tests.Lifecycle;

/// <summary>Standard output that is full, closed, or on a full disk costs lines, and never an invocation.</summary>
public sealed class OutputTests
{
    private static readonly TimeSpan OneInvocation = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("exec \"$0\" >&-", true, "stdout")]
    [InlineData("exec \"$0\" >&- 2>&- <&-", true, "stdout")]
    [InlineData("exec \"$0\" > /dev/full", true, "stdout")]
    [InlineData("exec \"$0\" > /dev/full", true, "off")]
    [InlineData("exec \"$0\"", false, "stdout")]
    [InlineData("exec \"$0\"", false, "off")]
    [InlineData("\"$0\" | true", true, "stdout")]
    public async Task Invocations_are_not_delayed_and_the_end_is_in_time(string script, bool reads, string emf)
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Environment["TELEMETRY_EXTENSION_LOG_LEVEL"] = "debug";
        lambda.Environment["TELEMETRY_EXTENSION_EMF"] = emf;
        lambda.Environment["TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES"] = "65536";
        lambda.Environment["TELEMETRY_EXTENSION_MAX_ATTEMPTS"] = "1";
        lambda.Start(script, reads);
        var next = await lambda.NextAsync();
        // A pipe without a reader holds 64 KB: dead letters of several megabytes block it, and so they do the later log.
        var line = new string('x', 100_000);
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 10; i++)
        {
            await lambda.PostAsync("function", $"\"{Noise(line.Length)}\"");
            next = await lambda.InvokeAsync(next, $"dead-{i}");
        }

        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 10; i++)
            next = await lambda.InvokeAsync(next, $"request-{i}");
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, 10 * OneInvocation);

        // With "| true" the exit code is the shell's.
        Assert.Equal(0, await lambda.ShutDownAsync(next));
        Assert.Contains(lambda.Backend.Spans, received => received.Span.Text("faas.invocation_id") == "request-9");
    }

    /// <summary>The reader is only slow, so every line arrives completely in the end.</summary>
    [Fact]
    public async Task A_slow_reader_gets_whole_lines()
    {
        await using var lambda = await BareLambda.CreateAsync();
        lambda.Environment["TELEMETRY_EXTENSION_LOG_LEVEL"] = "debug";
        lambda.Environment["TELEMETRY_EXTENSION_EMF"] = "stdout";
        lambda.Start("\"$0\" | (sleep 2; cat)");
        var next = await lambda.NextAsync();
        for (var i = 0; i < 30; i++)
            next = await lambda.InvokeAsync(next, $"request-{i}");

        Assert.Equal(0, await lambda.ShutDownAsync(next));
        Assert.Contains(lambda.Lines, line => line.StartsWith(LedgerReading.Prefix, StringComparison.Ordinal));
        Assert.Contains(lambda.Lines, EmbeddedMetrics.Is);
        Assert.All(lambda.Lines, line => Assert.True(
            line.StartsWith("[telemetry-extension] ", StringComparison.Ordinal) || EmbeddedMetrics.Is(line), line));
        Assert.Empty(EmbeddedMetrics.BrokenRules(lambda.Lines));
    }

    /// <summary>Letters that do not compress.</summary>
    private static string Noise(int length) => string.Create(length, 0, static (text, _) => Random.Shared.GetItems("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", text));
}
