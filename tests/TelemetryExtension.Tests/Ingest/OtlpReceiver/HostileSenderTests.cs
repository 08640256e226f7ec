using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Otlp;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>For any input the endpoint answers or closes the connection, and serves the next one.</summary>
public sealed class HostileSenderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RandomBodies_AllAnswered_LedgerBalances()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "50000" });
        receiver.Sink.Forget = true;
        var random = new Random(1);
        string[] paths = ["/v1/traces", "/v1/metrics", "/v1/logs"];
        string?[] encodings = [null, "gzip"];
        var until = Stopwatch.StartNew();
        var answers = new Dictionary<HttpStatusCode, int>();
        while (until.Elapsed < TimeSpan.FromSeconds(2))
        {
            var signal = random.Next(3);
            var body = OtlpSamples.Of((Signal)signal);
            var encoding = encodings[random.Next(2)];
            if (encoding is not null)
                body = OtlpSamples.Gzip(body);
            body = OtlpRequestValidatorTests.Damage(body, random);
            using var response = await receiver.PostAsync(paths[signal], body, random.Next(4) == 0 ? "application/json" : "application/x-protobuf", encoding);
            answers[response.StatusCode] = answers.GetValueOrDefault(response.StatusCode) + 1;
        }

        Assert.All(answers.Keys, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge, $"{status}"));
        Assert.True(answers[HttpStatusCode.BadRequest] > 50);
        foreach (var account in new[] { LedgerAccount.Traces, LedgerAccount.Metrics, LedgerAccount.Logs })
            Assert.Equal(0, receiver.Ledger[account].Buffered);
        Assert.Equal((0, 0L), (receiver.Intake.InFlight.Count, receiver.Intake.BytesInFlight));
    }

    [Fact]
    public async Task RandomBytesOnTheWire_NextRequestIsServed()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var random = new Random(2);
        for (var i = 0; i < 100; i++)
        {
            using var socket = await receiver.ConnectAsync();
            var bytes = new byte[random.Next(1, 2000)];
            random.NextBytes(bytes);
            // Every second request starts correctly.
            if (i % 2 == 0)
                await socket.SendAsync("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-"u8.ToArray(), Token);
            await socket.SendAsync(bytes, Token);
            if (i % 3 == 0)
                socket.Shutdown(SocketShutdown.Send);
        }

        using var response = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task HalfClosedAfterTheRequest_IsAnswered()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var socket = await receiver.ConnectAsync();
            await socket.SendAsync(Request(OtlpSamples.Trace(spans: 1 + (i * 100))), Token);
            socket.Shutdown(SocketShutdown.Send);

            Assert.StartsWith("HTTP/1.1 200", await ReadToEndAsync(socket), StringComparison.Ordinal);
        }

        Assert.Equal(20, receiver.Sink.Items.Count);
        await IdleAsync(receiver);
    }

    /// <summary>A function crashes, exits or is killed at its timeout: the kernel still holds its last telemetry, and its process is gone.</summary>
    [Fact]
    public async Task SenderGoneRightAfterItsRequest_IsTaken()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var socket = await receiver.ConnectAsync();
            await socket.SendAsync(Request(OtlpSamples.Trace(spans: 1 + (i * 100))), Token);
        }

        await UntilAsync(() => receiver.Sink.Items.Count == 20);
        await IdleAsync(receiver);
    }

    [Fact]
    public async Task HalfClosedAfterTwoRequestsInOne_BothAreAnswered()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var socket = await receiver.ConnectAsync();
        var sample = OtlpSamples.Trace();
        var chunked = Encoding.ASCII.GetBytes(
            $"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n{sample.Length:x}\r\n");
        byte[] both = [.. Request(sample), .. chunked, .. sample, .. "\r\n0\r\n\r\n"u8];
        await socket.SendAsync(both, Token);
        socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(2, (await ReadToEndAsync(socket)).Split("HTTP/1.1 200").Length - 1);
        Assert.Equal(2, receiver.Sink.Items.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("POST /v1/tra")]
    [InlineData("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-")]
    public async Task HalfClosedInTheMiddleOfTheHead_IsClosed(string sent)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var socket = await receiver.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(sent), Token);
        socket.Shutdown(SocketShutdown.Send);

        Assert.DoesNotContain(" 200", await ReadToEndAsync(socket), StringComparison.Ordinal);
    }

    /// <summary>Kestrel treats the half-close of an unfinished request as the end of the connection. No answer is required.</summary>
    [Fact]
    public async Task HalfClosedInTheMiddleOfABody_GivesEverythingBack()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var socket = await receiver.ConnectAsync();
        await socket.SendAsync(Head(contentLength: 1000), Token);
        await socket.SendAsync(new byte[10], Token);
        await UntilAsync(() => receiver.Intake.InFlight.Count == 1);

        socket.Shutdown(SocketShutdown.Send);

        await IdleAsync(receiver);
        Assert.Empty(receiver.Sink.Items);
    }

    [Fact]
    public async Task ResetInTheMiddleOfABody_GivesEverythingBack()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using (var socket = await receiver.ConnectAsync())
        {
            await socket.SendAsync(Head(contentLength: 100_000), Token);
            await socket.SendAsync(new byte[10], Token);
            await UntilAsync(() => receiver.Intake.InFlight.Count == 1);
            socket.LingerState = new(true, 0);
        }

        await IdleAsync(receiver);
    }

    /// <summary>Kestrel enforces the rate after its grace period of five seconds.</summary>
    [Trait("Category", "Slow")]
    [Fact]
    public async Task SlowSender_IsCutOff()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var socket = await receiver.ConnectAsync();
        await socket.SendAsync(Head(contentLength: 1000), Token);
        await socket.SendAsync(new byte[1], Token);

        var answer = await ReadToEndAsync(socket);

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        await IdleAsync(receiver);
    }

    [Fact]
    public async Task ManyConnections_AreBoundedAndTheEndpointLives()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 1000; i++)
                sockets.Add(await receiver.ConnectAsync());
            // A connection above the limit is closed without an answer. Those within the limit are served.
            await sockets[0].SendAsync(Request(OtlpSamples.Trace()), Token);
            var buffer = new byte[100];
            var read = await sockets[0].ReceiveAsync(buffer, Token);
            Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
            deadline.CancelAfter(TimeSpan.FromSeconds(20));
            Assert.Equal(0, await sockets[^1].ReceiveAsync(buffer, deadline.Token));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        using var retried = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                using var response = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace());
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                break;
            }
            catch (HttpRequestException) when (!retried.IsCancellationRequested)
            {
                // The server may not have noticed yet that the others are gone.
            }
        }
    }

    [Fact]
    public async Task SenderOverTheBudget_IsTold429_AndTheOthersAreServed()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "1048576", ["TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES"] = "2097152" });
        using var first = await receiver.ConnectAsync();
        using var second = await receiver.ConnectAsync();
        // The requests are headers only. Their announced length is charged to the budget at once.
        await first.SendAsync(Head(contentLength: 1_048_576), Token);
        await second.SendAsync(Head(contentLength: 524_288), Token);
        await UntilAsync(() => receiver.Intake.BytesInFlight == 1_572_864);

        using var tooMuch = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace(spans: 4000));
        using var small = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace());

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.OK), (tooMuch.StatusCode, small.StatusCode));
        // Refused data is neither received nor dropped.
        Assert.Equal(1, receiver.Ledger[LedgerAccount.Traces].Received);
    }

    [Fact]
    public async Task Flood_MemoryInFlightStaysInTheBudget_EverythingAnswered()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "1048576", ["TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES"] = "2097152" });
        receiver.Sink.Forget = true;
        var body = OtlpSamples.Trace(spans: 2500);
        var (taken, refused, peak) = (0, 0, 0L);
        await Parallel.ForAsync(0, 16, Token, async (_, _) =>
        {
            for (var i = 0; i < 20; i++)
            {
                using var response = await receiver.PostAsync("/v1/traces", body);
                if (response.StatusCode is HttpStatusCode.OK)
                    Interlocked.Increment(ref taken);
                else if (response.StatusCode is HttpStatusCode.TooManyRequests)
                    Interlocked.Increment(ref refused);
                InterlockedMax(ref peak, receiver.Intake.BytesInFlight);
            }
        });

        Assert.Equal(16 * 20, taken + refused);
        Assert.True(taken > 0);
        // A failed reservation is visible for a moment.
        Assert.InRange(peak, 0, 2_097_152 + (16 * 1_048_576));
        var line = receiver.Ledger[LedgerAccount.Traces];
        Assert.Equal((taken * 2500L, 0L, 0L), (line.Exported, line.DroppedTotal, line.Buffered));
    }

    private static byte[] Head(int contentLength) => Encoding.ASCII.GetBytes(
        $"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {contentLength}\r\n\r\n");

    private static byte[] Request(byte[] body) => [.. Head(body.Length), .. body];

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        var buffer = new byte[1000];
        while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var read)
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        return text.ToString();
    }

    private static async Task IdleAsync(ReceiverUnderTest receiver)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        Assert.True(await receiver.Intake.InFlight.WaitAsync(deadline.Token));
        await UntilAsync(() => receiver.Intake.BytesInFlight == 0);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var until = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(until.Elapsed < TimeSpan.FromSeconds(20), "the condition did not hold");
            await Task.Delay(5, Token);
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Interlocked.Read(ref target); value > seen; seen = Interlocked.Read(ref target))
            if (Interlocked.CompareExchange(ref target, value, seen) == seen)
                return;
    }
}
