using TelemetryExtension.Configuration;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Destinations.CloudWatch;

namespace TelemetryExtension.Tests.DeadLetters;

public sealed class DeadLetterWriterTests : IDisposable
{
    private readonly FakeCloudWatchLogs _server = new();
    private readonly StringWriter _stdout = new();

    public void Dispose() => _server.Dispose();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static UndeliveredPayload[] Payloads(int count, int size = 100, string id = "id") =>
        [.. Enumerable.Range(0, count).Select(i => { var body = new byte[size]; new Random(i).NextBytes(body); return new UndeliveredPayload(OtlpBuilder.Payload(Signal.Logs, body, 1, id + i), DropReason.Expired); })];

    [Fact]
    public async Task Write_Stdout_ComesBackWhole()
    {
        Assert.Equal(3, await WriteAsync(new DeadLetterWriter([new StdoutSink(_stdout)], int.MaxValue), Payloads(3), Cancelled));
        Assert.Equal(["id0", "id1", "id2"], Restored(_stdout.ToString().Split('\n')));
        Assert.All(_stdout.ToString().TrimEnd('\n').Split('\n'), line => Assert.EndsWith(" reason=expired", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Write_CloudWatch_ComesBackWholeInFewCalls()
    {
        var written = await WriteAsync(Writer(), Payloads(10, 200_000), Cancelled);

        Assert.Equal(10, written);
        Assert.Equal(10, Restored(_server.MessagesOf("/telemetry-extension/dead-letters")).Length);
        Assert.InRange(_server.Calls.Count(call => call == "PutLogEvents"), 3, 7);
        Assert.Empty(_stdout.ToString());
    }

    /// <summary>A pipe that nobody reads is full after 64 KiB, and a write to it never returns.</summary>
    [Fact]
    public async Task Write_StdoutIsFull_EndsWithItsTimeAndIsNotCountedAsWritten()
    {
        using var stdout = new FullPipe();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var writing = new DeadLetterWriter([new StdoutSink(stdout)], int.MaxValue).WriteAsync(Payloads(2), deadline.Token).AsTask();
        await stdout.Full.WaitAsync(TimeSpan.FromSeconds(20), Cancelled);

        await deadline.CancelAsync();

        Assert.All(await writing.WaitAsync(TimeSpan.FromSeconds(20), Cancelled), Assert.False);
    }

    [Theory]
    [InlineData("AccessDeniedException")]
    [InlineData("InvalidParameterException")]
    public async Task Write_CloudWatchRefuses_GoesToStdout(string error)
    {
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(400, error));

        Assert.Equal(3, await WriteAsync(Writer(), Payloads(3), Cancelled));
        Assert.Equal(3, Restored(_stdout.ToString().Split('\n')).Length);
    }

    [Theory]
    [InlineData("ThrottlingException", 1)]
    [InlineData("AccessDeniedException", 1)]
    [InlineData("InvalidParameterException", 0)]
    public async Task Write_CloudWatchFailsOnce_IsAskedAgainUnlessItSaidNoForGood(string error, int putLater)
    {
        await WriteAsync(Writer(), Payloads(1), Cancelled);
        _server.Groups.Values.Single().Values.Single().Clear();
        _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(400, error));
        var writer = Writer();

        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));
        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));
        Assert.Equal(putLater, _server.MessagesOf("/telemetry-extension/dead-letters").Count());
        Assert.Equal(2 - putLater, _stdout.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Write_CloudWatchThrottlesInTheMiddle_OnlyThatGroupGoesToStdout()
    {
        _server.Groups["/telemetry-extension/dead-letters"] = new() { ["orders/i"] = [] };
        _server.Answers.Enqueue(_ => null);
        _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(400, "ThrottlingException"));

        Assert.Equal(12, await WriteAsync(Writer(), Payloads(12, 200_000), Cancelled));
        var printed = _stdout.ToString().Split('\n');
        Assert.InRange(Restored(printed).Length, 1, 5);
        // Some parts of the first of those were already written.
        Assert.Equal(12, Restored([.. printed, .. _server.MessagesOf("/telemetry-extension/dead-letters")]).Distinct().Count());
    }

    [Fact]
    public async Task Write_CloudWatchHung_IsAskedAgainAfterARest()
    {
        var time = new ManualTimeProvider();
        _server.Hangs = true;
        var writer = Writer(time: time);
        var first = WriteAsync(writer, Payloads(1), Cancelled);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, await first.WaitAsync(TimeSpan.FromSeconds(20), Cancelled));
        _server.Hangs = false;
        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));
        Assert.Single(_server.Calls);

        time.Advance(CloudWatchSink.Rest);
        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));
        Assert.Single(Restored(_server.MessagesOf("/telemetry-extension/dead-letters")));
    }

    [Fact]
    public async Task Write_CloudWatchHangs_GoesToStdoutAfterItsTimeAndIsNotAskedAgain()
    {
        _server.Hangs = true;
        var writer = Writer(timeoutMs: "50");

        Assert.Equal(3, await WriteAsync(writer, Payloads(3), Cancelled).WaitAsync(TimeSpan.FromSeconds(20), Cancelled));
        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));

        Assert.Single(_server.Calls);
        Assert.Equal(3, Restored(_stdout.ToString().Split('\n')).Length);
    }

    [Fact]
    public async Task Write_OverTheByteLimit_WritesWhatFits()
    {
        var writer = new DeadLetterWriter([new StdoutSink(_stdout)], 70_000);

        Assert.Equal(2, await WriteAsync(writer, Payloads(5, 20_000), Cancelled));
        Assert.Equal(0, await WriteAsync(writer, Payloads(1, 20_000), Cancelled));
        Assert.Equal(1, await WriteAsync(writer, Payloads(1), Cancelled));
        Assert.InRange(_stdout.ToString().Length, 50_000, 70_000);
    }

    [Fact]
    public async Task Write_OneIsOverTheByteLimit_ItsNeighboursAreWritten()
    {
        var (small, big) = (Payloads(2), Payloads(1, 100_000, "big")[0]);
        var writer = new DeadLetterWriter([new StdoutSink(_stdout)], 70_000);

        var written = await writer.WriteAsync([small[0], big, small[1]], Cancelled);
        Assert.Equal([true, false, true], written);
        Assert.Equal(["id0", "id1"], Restored(_stdout.ToString().Split('\n')));
    }

    [Fact]
    public async Task Write_ManyConsecutiveLettersOverTheByteLimit_HasNoRoomAnyMore()
    {
        var writer = new DeadLetterWriter([new StdoutSink(_stdout)], 70_000);
        Assert.Equal(2, await WriteAsync(writer, Payloads(9, 20_000), Cancelled));
        Assert.True(writer.HasRoom);
        Assert.Equal(0, await WriteAsync(writer, Payloads(1, 20_000), Cancelled));
        Assert.False(writer.HasRoom);
        Assert.Equal(0, await WriteAsync(writer, Payloads(1), Cancelled));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HasRoom_NothingWritten_WhereThereIsASink(bool hasSink) =>
        Assert.Equal(hasSink, new DeadLetterWriter(hasSink ? [new StdoutSink(_stdout)] : [], 70_000).HasRoom);

    [Fact]
    public async Task Write_TimeIsUp_WritesNothingMore() =>
        Assert.Equal(0, await WriteAsync(new DeadLetterWriter([new StdoutSink(_stdout)], int.MaxValue), Payloads(2), new CancellationToken(canceled: true)));

    [Fact]
    public async Task Write_NoSink_WritesNothing() => Assert.Equal(0, await WriteAsync(new DeadLetterWriter([], int.MaxValue), Payloads(2), Cancelled));

    [Fact]
    public async Task Write_StdoutClosed_WritesNothing()
    {
        var closed = new StreamWriter(new MemoryStream()) { AutoFlush = true };
        closed.Dispose();

        Assert.Equal(0, await WriteAsync(new DeadLetterWriter([new StdoutSink(closed)], int.MaxValue), Payloads(2), Cancelled));
    }

    [Fact]
    public void Options_BadValues_NamesEachAndUsesDefaults()
    {
        var problems = new SettingProblems();

        var options = DeadLetterOptions.From(new Env { ["TELEMETRY_EXTENSION_DEAD_LETTERS"] = "somewhere", ["TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP"] = "{x}", ["TELEMETRY_EXTENSION_DEAD_LETTER_LOG_STREAM"] = "{y}", ["TELEMETRY_EXTENSION_DEAD_LETTER_RETENTION_DAYS"] = "2", ["TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES"] = "1", ["TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT"] = "x" }.Read(problems));

        Assert.Equal(6, problems.Messages.Count);
        Assert.Equal(DeadLetterOptions.From(new Env().Read()), options);
        Assert.Equal(DeadLetterOutput.Stdout, options.Output);
    }

    private DeadLetterWriter Writer(string timeoutMs = "5000", TimeProvider? time = null)
    {
        var options = DeadLetterOptions.From(new Env { ["TELEMETRY_EXTENSION_DEAD_LETTERS"] = "cloudwatch", ["TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT"] = timeoutMs }.Read());
        var client = new Lazy<Amazon.CloudWatchLogs.AmazonCloudWatchLogsClient>(() => CloudWatchLogsClientFactory.Create(FakeCloudWatchLogs.Aws, _server));
        return DeadLetterWriter.For(options, client, () => new("orders", "1", "i"), _stdout, time ?? TimeProvider.System);
    }

    private static async Task<int> WriteAsync(DeadLetterWriter writer, UndeliveredPayload[] payloads, CancellationToken cancellationToken) =>
        (await writer.WriteAsync(payloads, cancellationToken)).Count(static written => written);

    private static string[] Restored(IEnumerable<string> lines)
    {
        var assembler = new DeadLetterAssembler();
        var ids = lines.SelectMany(assembler.Add).Select(payload => payload.BatchId).ToArray();
        Assert.Empty(assembler.Problems);
        Assert.Empty(assembler.Incomplete());
        return ids;
    }
}
