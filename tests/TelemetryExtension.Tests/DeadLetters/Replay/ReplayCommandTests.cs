using System.Net;
using System.Text;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Destinations.CloudWatch;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

/// <summary>The whole command against an OTLP endpoint in this process.</summary>
public sealed class ReplayCommandTests : IAsyncLifetime
{
    private static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("replay").FullName;
    private OtlpEndpointForTests _backend = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _backend = await OtlpEndpointForTests.StartAsync(Cancelled);

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Replay_RawLinesFromStdin_ArriveByteByByte()
    {
        var payloads = Payloads();

        Assert.Equal(0, await Run(Text(payloads), "--endpoint", "http://backend"));

        Assert.Equal(payloads.Select(payload => ("/v1/" + payload.Signal.ToString().ToLowerInvariant(), Convert.ToHexString(payload.Body.Span))),
            _backend.Received.Select(request => (request.Path, Convert.ToHexString(request.Body))));
        Assert.Equal("sent 3 payloads (6 records)\n", _output.ToString());
    }

    [Fact]
    public async Task Replay_FileWithTimestampsAndOtherLines_Arrives()
    {
        var text = "START RequestId: 1\n" + string.Join('\n', Lines(Payloads()).Reverse().Select(line => "2026-01-01T00:00:00.000Z " + line)) + "\nEND\n";

        Assert.Equal(0, await Run("", await FileOf(text), "--endpoint", "http://backend"));

        Assert.Equal(3, _backend.Received.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Replay_FilterLogEventsJson_Arrives(bool indented)
    {
        var json = System.Text.Json.JsonSerializer.Serialize(
            new { events = Lines(Payloads()).Select(line => new { logStreamName = "s", timestamp = 1, message = line + "\n" }) },
            indented ? Indented : null);

        Assert.Equal(0, await Run(json, "-", "--endpoint", "http://backend"));

        Assert.Equal(3, _backend.Received.Count);
    }

    [Fact]
    public async Task Replay_GzippedExport_Arrives()
    {
        var path = Path.Combine(_folder, "export.gz");
        await File.WriteAllBytesAsync(path, Gzipped(Text(Payloads())), Cancelled);

        Assert.Equal(0, await Run("", path, "--endpoint", "http://backend"));

        Assert.Equal(3, _backend.Received.Count);
    }

    /// <summary>For any end of a truncated file: the command reports it, complete letters arrive, and the exit code is not success.</summary>
    [Fact]
    public async Task Replay_GzipCutAnywhere_IsNoSuccess()
    {
        var whole = Gzipped(Text(Payloads()));
        for (var length = 2; length < whole.Length; length += 7)
        {
            _error.GetStringBuilder().Clear();
            Assert.Equal(2, await Run("", await FileOf(whole[..length]), "--dry-run"));
            Assert.Contains("letters.txt to its end: the gzip data is damaged or cut off", _error.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, await Run("", await FileOf(whole), "--dry-run"));
    }

    [Fact]
    public async Task Replay_GzipCutOff_WhatIsWholeArrives()
    {
        var lines = Lines(Payloads()).ToArray();
        var path = await FileOf([.. Gzipped(lines[0] + "\n" + lines[1] + "\n"), .. Gzipped(lines[2] + "\n")[..^9]]);

        Assert.Equal(2, await Run("", path, "--endpoint", "http://backend"));

        Assert.InRange(_backend.Received.Count, 2, 3);
    }

    [Fact]
    public async Task Replay_GzipDamagedInTheMiddle_IsNoSuccess()
    {
        var whole = Gzipped(string.Join('\n', Lines(Payloads()).Append(Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20_000)))));
        for (var at = 10; at < whole.Length; at += whole.Length / 40)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x55;
            Assert.NotEqual(0, await Run("", await FileOf(damaged), "--dry-run"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("START RequestId: x\n")]
    [InlineData("a filter pattern \"otlp-dead-letter/1\" is none\n")]
    [InlineData("otlp-dead-lette")]
    public async Task Replay_NoDeadLetter_IsReportedAndFails(string text)
    {
        Assert.Equal(5, await Run("", await FileOf(text), "--endpoint", "http://backend"));
        Assert.Equal(5, await Run(text, "--endpoint", "http://backend"));
        Assert.Equal(5, await Run("", await FileOf(Gzipped(text)), "--dry-run"));

        Assert.Equal(
            [$"replay: there is no dead letter in {_folder}/letters.txt", "replay: there is no dead letter in standard input", $"replay: there is no dead letter in {_folder}/letters.txt"],
            _error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Replay_Noise_IsReportedAndFails()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var noise = new byte[3000];
            new Random(seed).NextBytes(noise);
            Assert.Equal(5, await Run("", await FileOf(noise), "--dry-run"));
            Assert.Equal(2, await Run("", await FileOf([0x1f, 0x8b, .. noise]), "--dry-run"));
        }
    }

    [Fact]
    public async Task Replay_TwiceWithState_SendsNothingTwice()
    {
        var state = Path.Combine(_folder, "state");
        _backend.Answers.Enqueue(HttpStatusCode.OK);
        _backend.Answers.Enqueue(HttpStatusCode.BadRequest);

        Assert.Equal(1, await Run(Text(Payloads()), "--endpoint", "http://backend", "--state", state));
        Assert.Equal(0, await Run(Text(Payloads()), "--endpoint", "http://backend", "--state", state));

        Assert.Equal(3, _backend.Received.Count);
        Assert.Equal(["a", "c", "b"], await File.ReadAllLinesAsync(state, Cancelled));
        Assert.Contains("2 payloads already sent before", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("not sent: b (logs, 2 records): BadRequest", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_MissingAndDamagedParts_SendsTheRestAndSaysSo()
    {
        var lines = Lines(Payloads()).ToArray();
        var text = string.Join('\n', lines[..1].Concat(DeadLetter.Of(Payloads()[1], 20).Lines.Skip(1)).Append(lines[2][..^5]));

        Assert.Equal(3, await Run(text, "--endpoint", "http://backend"));

        Assert.Single(_backend.Received);
        Assert.Contains("incomplete: b (logs, 2 records) lacks part 1 of", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("damaged: part 1 of c does not match its checksum", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("1 payloads incomplete, 1 parts or payloads damaged", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_DamagedCopyBesideAGoodOne_IsNoProblem()
    {
        var lines = Lines(Payloads()).ToArray();

        Assert.Equal(0, await Run(string.Join('\n', [lines[0][..^5], .. lines, lines[1][..80]]), "--endpoint", "http://backend"));

        Assert.Equal(3, _backend.Received.Count);
        Assert.Equal("", _error.ToString());
        Assert.Equal("sent 3 payloads (6 records)\n", _output.ToString());
    }

    [Fact]
    public async Task Replay_PartsRepeated_AreCounted()
    {
        Assert.Equal(0, await Run(Text([.. Payloads(), .. Payloads()]), "--endpoint", "http://backend"));

        Assert.Equal("sent 3 payloads (6 records), 3 parts repeated\n", _output.ToString());
    }

    [Fact]
    public async Task Replay_BackendRejectsRecords_IsNotSuccess()
    {
        _backend.Rejects = 1;

        Assert.Equal(4, await Run(Text(Payloads()), "--endpoint", "http://backend"));

        Assert.Equal("sent 3 payloads (3 records), 3 records rejected by the backend\n", _output.ToString());
        Assert.Contains("partly rejected: c: 1 of 3 records", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_FileThatCannotBeRead_IsNamedWithTheReason()
    {
        Assert.Equal(2, await Run("", Path.Combine(_folder, "nofile"), "--dry-run"));
        Assert.Equal(2, await Run("", Path.Combine(_folder, "no/such/file"), "--dry-run"));
        Assert.Equal(2, await Run("", _folder, "--dry-run"));
        Assert.Equal(2, await Run("", "--endpoint", "http://backend", "--state", _folder));

        Assert.Equal(
            [$"replay: {_folder}/nofile: no such file", $"replay: {_folder}/no/such/file: no such directory", $"replay: {_folder}: is a directory", $"replay: {_folder}: is a directory"],
            _error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Replay_DryRun_SendsNothingAndWritesNoState()
    {
        var state = Path.Combine(_folder, "state");

        Assert.Equal(0, await Run(Text(Payloads()), "--dry-run", "--state", state));

        Assert.Empty(_backend.Received);
        Assert.Equal("would send 3 payloads (6 records)\n", _output.ToString());
        Assert.False(File.Exists(state));
    }

    [Fact]
    public async Task Replay_BackendComesBack_IsTriedAgain()
    {
        var time = new ManualTimeProvider();
        for (var i = 0; i < 3; i++)
            _backend.Answers.Enqueue(HttpStatusCode.ServiceUnavailable);

        var running = Run(Text(Payloads()), time, "--endpoint", "http://backend");
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            Cancelled.ThrowIfCancellationRequested();
        }

        Assert.Equal(0, await running);
        Assert.Equal(3, _backend.Received.Count);
    }

    [Fact]
    public async Task Replay_LogGroup_ReadsEveryPage()
    {
        using var server = new FakeCloudWatchLogs();
        var lines = Lines(Payloads()).ToArray();
        server.Groups["g"] = new() { ["x/1"] = [(5, lines[0])], ["x/2"] = [(6, lines[1]), (1, lines[2])], ["y"] = [(9, lines[2])] };
        var options = new ReplayOptions("-", "g", "x/", DateTimeOffset.FromUnixTimeMilliseconds(5), null, null, false, null);
        using var client = TelemetryExtension.Destinations.CloudWatch.CloudWatchLogsClientFactory.Create(FakeCloudWatchLogs.Aws, server);
        var read = new List<string>();

        await foreach (var line in LogGroupSource.Lines(client, options, Cancelled))
            read.Add(line);

        Assert.Equal(lines[..2], read);
    }

    [Fact]
    public async Task Replay_Terminal_DrawsABar()
    {
        var path = await FileOf(Text(Payloads()));
        var environment = Environment("", TimeProvider.System) with { ErrorIsTerminal = true };

        Assert.Equal(0, await ReplayCommand.RunAsync([path, "--endpoint", "http://backend"], environment, Cancelled));

        Assert.Contains("% 1 sent", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--endpoint", "nope")]
    [InlineData(2, "no-such-file", "--dry-run")]
    [InlineData(2, "--log-group", "g", "--dry-run")]
    [InlineData(0, "--help")]
    public async Task Replay_Arguments_GiveTheirExitCode(int expected, params string[] arguments)
    {
        Assert.Equal(expected, await Run("", arguments));
        Assert.NotEmpty((expected == 0 ? _output : _error).ToString());
    }

    [Fact]
    public async Task Replay_Interrupted_Says130()
    {
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        Assert.Equal(130, await ReplayCommand.RunAsync(["--endpoint", "http://x"], Environment(Text(Payloads()), TimeProvider.System), interrupt.Token));
    }

    private static OtlpPayload[] Payloads() =>
    [
        OtlpBuilder.Payload(Signal.Traces, OtlpBuilder.Logs("one"), 1, "a"),
        OtlpBuilder.Payload(Signal.Logs, OtlpBuilder.Logs("two", "three"), 2, "b"),
        OtlpBuilder.Payload(Signal.Metrics, OtlpBuilder.Logs("four"), 3, "c"),
    ];

    private static IEnumerable<string> Lines(OtlpPayload[] payloads) => payloads.SelectMany(payload => DeadLetter.Of(payload).Lines);

    private static string Text(OtlpPayload[] payloads) => string.Join('\n', Lines(payloads));

    private Task<string> FileOf(string text) => FileOf(Encoding.UTF8.GetBytes(text));

    private async Task<string> FileOf(byte[] content)
    {
        var path = Path.Combine(_folder, "letters.txt");
        await File.WriteAllBytesAsync(path, content, Cancelled);
        return path;
    }

    private static byte[] Gzipped(string text) => OtlpSamples.Gzip(Encoding.UTF8.GetBytes(text));

    private Task<int> Run(string input, params string[] arguments) => Run(input, TimeProvider.System, arguments);

    private Task<int> Run(string input, TimeProvider time, params string[] arguments) => ReplayCommand.RunAsync(arguments, Environment(input, time), Cancelled);

    private ReplayEnvironment Environment(string input, TimeProvider time) =>
        new(_output, _error, false, () => new MemoryStream(Encoding.UTF8.GetBytes(input)), _ => _backend, new(), time);
}
