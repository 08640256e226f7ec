using System.Net.Sockets;
using System.Net;
using System.Text;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

public sealed class NoRoomTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoRoom_HttpRequestIsRefusedBeforeItsBodyIsRead()
    {
        long asked = 0;
        await using var receiver = await ReceiverUnderTest.StartAsync(hasRoom: bytes => (asked = bytes) < 0);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, receiver.HttpPort, Token);
        // The body is never sent.
        await socket.SendAsync("POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100000\r\n\r\n"u8.ToArray(), Token);
        var answer = new byte[200];
        var read = await socket.ReceiveAsync(answer, Token);

        Assert.StartsWith("HTTP/1.1 429", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
        Assert.Equal(100_000, asked);
        Assert.Equal(0, receiver.Ledger[LedgerAccount.Logs].Received);
        Assert.Empty(receiver.Sink.Items);
    }

    [Fact]
    public async Task NoRoom_GrpcRequestIsUnavailable()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(hasRoom: _ => false);
        var sample = OtlpSamples.Trace();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{receiver.GrpcPort}/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, (byte)(sample.Length >> 8), (byte)sample.Length, .. sample]),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        using var response = await receiver.Grpc.SendAsync(request, Token);
        await response.Content.ReadAsByteArrayAsync(Token);

        var status = response.TrailingHeaders.Concat(response.Headers).First(header => header.Key == "grpc-status").Value;
        Assert.Equal(["14"], status);
        Assert.Equal(0, receiver.Ledger[LedgerAccount.Traces].Received);
    }

    /// <summary>Streams that end with unread data are reset. After too many resets Kestrel ends the connection, and no request would be answered.</summary>
    [Fact]
    public async Task NoRoom_HundredsOfGrpcRequestsOnOneConnection_AllAnswered()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(hasRoom: _ => false);
        byte[] frame = [0, 0, 1, 0x86, 0xA0, .. new byte[100_000]];
        const string path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{receiver.GrpcPort}{path}")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(frame),
            };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
            using var response = await receiver.Grpc.SendAsync(request, Token);
            await response.Content.ReadAsByteArrayAsync(Token);
            return response.TrailingHeaders.Concat(response.Headers).First(header => header.Key == "grpc-status").Value.Single();
        }));

        Assert.Equal(["14"], answers.Distinct());
        Assert.Equal(0, receiver.Ledger[LedgerAccount.Logs].Received);
    }

    [Fact]
    public async Task NoRoom_RequestOverTheLimitIsTooLarge()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "5000" }, hasRoom: _ => false);

        using var response = await receiver.PostAsync("/v1/traces", new byte[6000]);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(1, receiver.Ledger[LedgerAccount.Traces].Dropped[(int)DropReason.TooLarge]);
    }

    /// <summary>With a retryable answer the sender would retry in vain until it gives up.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task NoRoom_RequestThatFitsIntoNoEmptyBufferIsTooLarge(bool gzip, bool chunked)
    {
        var room = new IntakeRoom(_ => true, LargestRequest: 5000, LargestBody: 8000);
        await using var receiver = await ReceiverUnderTest.StartAsync(room: room);
        var body = OtlpSamples.Trace(1, 3000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(gzip ? OtlpSamples.Gzip(body) : body) };
        request.Content.Headers.Add("Content-Type", "application/x-protobuf");
        if (gzip)
            request.Content.Headers.Add("Content-Encoding", "gzip");
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await receiver.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    /// <summary>Converting JSON needs a second buffer. A request that needs more than the whole budget is too large, however long the sender waits.</summary>
    [Fact]
    public async Task NoRoom_JsonThatNeedsMoreThanTheBudgetIsTooLarge()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "1048576", ["TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES"] = "2097152" });

        using var response = await receiver.PostAsync("/v1/traces", Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', 900_000) + "\"}"), "application/json");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
    }

    [Fact]
    public async Task Room_BodyThatThePoolRoundsUpBeyondTheBufferIsTaken()
    {
        var room = new IntakeRoom(_ => true, LargestRequest: 5000, LargestBody: 7000);
        await using var receiver = await ReceiverUnderTest.StartAsync(room: room);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(OtlpSamples.Trace(1, 2200)) };
        request.Content.Headers.Add("Content-Type", "application/x-protobuf");
        request.Headers.TransferEncodingChunked = true;

        using var response = await receiver.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.InRange(receiver.Sink.LargestCapacity, 4400, 5000);
    }
}
