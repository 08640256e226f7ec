using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Otlp;

/// <summary>A broken function sends all this to the receivers while an invocation runs: it costs only the sender.</summary>
public sealed class BadInputTests
{
    private static readonly TimeSpan FuzzTime = TimeSpan.FromSeconds(5);
    private static readonly string[] Types = [ReceiverClient.Protobuf, "application/json"];
    private static readonly string?[] Encodings = [null, "gzip"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bad_requests_are_refused_one_by_one_over_HTTP()
    {
        var good = Payloads.Of(OtlpSignal.Traces, "good");
        var bomb = Payloads.Gzip(new byte[256 << 20]);
        await RunAsync(async (http, _) =>
        {
            Assert.Equal(400, await http.PostAsync("/v1/traces", good[..^3]));
            Assert.Equal(400, await http.PostAsync("/v1/traces", Enumerable.Repeat((byte)0xFF, 5000).ToArray()));
            Assert.Equal(400, await http.PostAsync("/v1/traces", "{\"resourceSpans\":"u8.ToArray(), "application/json"));
            Assert.Equal(400, await http.PostAsync("/v1/traces", good, encoding: "gzip"));
            Assert.Equal(400, await http.PostAsync("/v1/traces", Payloads.Gzip(good)[..^9], encoding: "gzip"));
            Assert.Equal(413, await http.PostAsync("/v1/traces", bomb, encoding: "gzip"));
            Assert.Equal(413, await http.PostAsync("/v1/traces", new byte[5 << 20]));
            Assert.Equal(415, await http.PostAsync("/v1/traces", good, "text/plain"));
            Assert.Equal(415, await http.PostAsync("/v1/traces", good, encoding: "br"));
            Assert.Equal(405, await http.PostAsync("/v1/traces", good, method: HttpMethod.Put));
            Assert.Equal(404, await http.PostAsync("/v1/nothing", good));
            // A valid request in between is not affected.
            Assert.Equal(200, await http.PostAsync("/v1/traces", good));
        });
    }

    [Fact]
    public async Task Bad_frames_are_refused_one_by_one_over_gRPC()
    {
        var good = Payloads.Of(OtlpSignal.Traces, "good");
        await RunAsync(async (_, grpc) =>
        {
            const int unimplemented = 12, internalError = 13, invalidArgument = 3, resourceExhausted = 8;
            Assert.Equal(internalError, await grpc.CallAsync([]));
            Assert.Equal(internalError, await grpc.CallAsync([0, 0, 0]));
            Assert.Equal(internalError, await grpc.CallAsync(ReceiverClient.Frame(good, length: good.Length + 10)));
            Assert.Equal(internalError, await grpc.CallAsync(ReceiverClient.Frame(good, length: good.Length - 1)));
            Assert.Equal(internalError, await grpc.CallAsync(ReceiverClient.Frame(Payloads.Gzip(good), flag: 1)));
            Assert.Equal(internalError, await grpc.CallAsync(ReceiverClient.Frame(good, flag: 7)));
            Assert.Equal(resourceExhausted, await grpc.CallAsync(ReceiverClient.Frame(good, length: -1)));
            Assert.Equal(resourceExhausted, await grpc.CallAsync(ReceiverClient.Frame(Payloads.Gzip(new byte[64 << 20]), flag: 1), "gzip"));
            Assert.Equal(invalidArgument, await grpc.CallAsync(ReceiverClient.Frame(good[..^2])));
            Assert.Equal(unimplemented, await grpc.CallAsync(ReceiverClient.Frame(good), "zstd"));
            Assert.Equal(unimplemented, await grpc.CallAsync(ReceiverClient.Frame(good), service: "grpc.health.v1.Health"));
            Assert.Equal(0, await grpc.CallAsync(ReceiverClient.Frame(good)));
        });
    }

    /// <summary>SDKs cut texts inside a character, and instrumentations set attributes twice or without a name.</summary>
    [Fact]
    public async Task Strings_that_are_not_Unicode_and_repeated_keys_cost_no_record()
    {
        await RunAsync(
            async (http, grpc) =>
            {
                foreach (var signal in Enum.GetValues<OtlpSignal>())
                {
                    Assert.Equal(200, await http.PostAsync(ReceiverClient.Path(signal), Cut(signal)));
                    Assert.Equal(200, await http.PostAsync(ReceiverClient.Path(signal), Payloads.Gzip(Cut(signal)), encoding: "gzip"));
                }

                Assert.Equal(200, await http.PostAsync("/v1/logs", Encoding.UTF8.GetBytes(JsonLogs.Replace("\"a\"", "\"\\ud83d\"", StringComparison.Ordinal)), "application/json"));
                Assert.Equal(200, await http.PostAsync("/v1/logs", Encoding.UTF8.GetBytes(JsonLogs.Replace(
                    "[{\"key\":\"a\"", "[{\"key\":\"a\"},{\"key\":\"\",\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"b\"},{\"key\":\"b\"}]}}},{\"key\":\"a\"", StringComparison.Ordinal)), "application/json"));
                Assert.Equal(0, await grpc.CallAsync(ReceiverClient.Frame(Cut(OtlpSignal.Logs)), service: ReceiverClient.LogsService));
                Assert.Equal(200, await http.PostAsync("/v1/traces", Payloads.Of(OtlpSignal.Traces, "good")));
            },
            outcome =>
            {
                const string cut = "cut \ufffd\ufffd";
                Assert.Equal((2, 2, 3), (outcome.Spans.Count(span => span.Name == cut), outcome.Metrics.Count(metric => metric.Name == cut), outcome.Logs.Count(log => log.Body.StringValue == cut)));
                Assert.Equal(2, outcome.Logs.Count(log => log.Body.StringValue == "x"));
                Assert.Equal((0, 0, 0), (outcome.Ledger.Traces.Dropped, outcome.Ledger.Metrics.Dropped, outcome.Ledger.Logs.Dropped));
            });
    }

    [Trait("Category", "Slow")]
    [Fact]
    public async Task Damaged_requests_are_all_answered()
    {
        var random = new Random(20261122);
        var answers = new Dictionary<int, int>();
        await RunAsync(async (http, grpc) =>
        {
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < FuzzTime;)
            {
                // Traces are left out, because a span without its id is still well-formed and every test here checks the ids.
                var signal = random.Next(2) == 0 ? OtlpSignal.Metrics : OtlpSignal.Logs;
                var (type, encoding) = (Types[random.Next(2)], Encodings[random.Next(2)]);
                var body = Damage(type == Types[1] ? Encoding.UTF8.GetBytes(JsonLogs) : Payloads.Of(signal, "fuzz"), random);
                var status = await http.PostAsync(ReceiverClient.Path(signal), encoding is null ? body : Damage(Payloads.Gzip(body), random), type, encoding);
                answers[status] = answers.GetValueOrDefault(status) + 1;
                Assert.NotNull(await grpc.CallAsync(Damage(ReceiverClient.Frame(Payloads.Of(OtlpSignal.Logs, "fuzz")), random), service: ReceiverClient.LogsService));
            }

            Assert.Equal(200, await http.PostAsync("/v1/traces", Payloads.Of(OtlpSignal.Traces, "good")));
        });
        Assert.Empty(answers.Keys.Except([200, 400, 413, 429]));
        Assert.True(answers[200] > 10 && answers[400] > 100, string.Join(", ", answers));
    }

    [Fact]
    public async Task Noise_half_closed_sockets_and_a_thousand_connections_leave_room_for_the_next_request() =>
        await RunAsync(async (http, grpc) =>
        {
            foreach (var client in new[] { http, grpc })
                await NoiseAsync(client, new Random(1));
            List<Socket> sockets = [];
            for (var number = 0; number < 1000; number++)
                sockets.Add(await (number % 2 == 0 ? http : grpc).ConnectAsync());
            sockets.ForEach(socket => socket.Dispose());
            // The receivers notice gradually that these are gone.
            var good = Payloads.Of(OtlpSignal.Traces, "good");
            await UntilAsync(async () => await grpc.CallAsync(ReceiverClient.Frame(Payloads.Of(OtlpSignal.Traces, "by gRPC"))) == 0);
            await UntilAsync(async () => await http.PostAsync("/v1/traces", good) == 200);
        });

    private const string JsonLogs =
        """{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"1"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"x"}}]}]}]}""";

    /// <summary>Runs two invocations, the first with all this. Afterwards the extension is the same process, "good" arrived, and the ledger adds up.</summary>
    private static async Task RunAsync(Func<ReceiverClient, ReceiverClient, Task> send, Action<Outcome>? check = null)
    {
        var (httpPort, grpcPort) = (FreePort.Find(), FreePort.Find());
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromMinutes(1) },
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", httpPort), ("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", grpcPort));
        var pid = lambda.Sandbox.Extensions.Single().Pid;
        using var http = new ReceiverClient(httpPort);
        using var grpc = new ReceiverClient(grpcPort);
        var first = await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions { WhileRunning = _ => send(http, grpc) });
        var second = await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        Assert.Equal(pid, lambda.Sandbox.Extensions.Single().Pid);
        var outcome = await lambda.EndAsync();

        outcome.Single("good");
        Assert.False(outcome.Invocation(first).IsError() || outcome.Invocation(second).IsError());
        Assert.Empty(outcome.Said);
        check?.Invoke(outcome);
    }

    private static async Task NoiseAsync(ReceiverClient client, Random random)
    {
        for (var number = 0; number < 100; number++)
        {
            using var socket = await client.ConnectAsync();
            var noise = new byte[random.Next(1, 2000)];
            random.NextBytes(noise);
            if (number % 3 == 0)
                await socket.SendAsync("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9999\r\n\r\n"u8.ToArray(), Token);
            else if (number % 3 == 1)
                await socket.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), Token);
            try
            {
                await socket.SendAsync(noise, Token);
                if (number % 2 == 0)
                    socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The receiver refused early.
            }
        }
    }

    /// <summary>A record named "cut " with two bytes that a text cannot contain.</summary>
    private static byte[] Cut(OtlpSignal signal)
    {
        var body = Payloads.Of(signal, "cut \u07ff");
        body.AsSpan(body.AsSpan().IndexOf("\u07ff"u8), 2).Fill(0xff);
        return body;
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return bytes;
        var damaged = bytes.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return damaged[..random.Next(damaged.Length)];
            case 1:
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                return damaged;
            case 2:
                var at = random.Next(damaged.Length);
                return [.. damaged[..at], .. damaged[(at / 2)..], .. damaged[at..]];
            default:
                return damaged;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var watch = Stopwatch.StartNew(); !await condition();)
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "no request was served any more");
    }
}
