using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;
using RpcStatusMessage = Google.Rpc.Status;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

public sealed class OtlpGrpcReceiverTests
{
    private const string TracePath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TracePath, 0)]
    [InlineData("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", 1)]
    [InlineData("/opentelemetry.proto.collector.logs.v1.LogsService/Export", 2)]
    public async Task Export_ValidRequest_ReachesTheSinkUntouched(string path, int signal)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var sent = OtlpSamples.Of((Signal)signal);

        var answer = await CallAsync(receiver, path, Frame(sent));

        Assert.Equal(("0", 5), (answer.Status, answer.Body.Length));
        Assert.All(answer.Body, b => Assert.Equal(0, b));
        var item = Assert.Single(receiver.Sink.Items);
        Assert.Equal((Signal)signal, item.Signal);
        Assert.Equal(sent, item.Bytes);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
    }

    [Fact]
    public async Task Export_LargeAndGzip_ArrivesWhole()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var sent = OtlpSamples.Trace(spans: 8000, textLength: 100);

        var plain = await CallAsync(receiver, TracePath, Frame(sent));
        var gzip = await CallAsync(receiver, TracePath, Frame(OtlpSamples.Gzip(sent), compressed: true), "gzip");
        var uncompressedWithEncoding = await CallAsync(receiver, TracePath, Frame(sent), "gzip");

        Assert.Equal(("0", "0", "0"), (plain.Status, gzip.Status, uncompressedWithEncoding.Status));
        Assert.All(receiver.Sink.Items, item => Assert.Equal(sent, item.Bytes));
        Assert.Equal(3, receiver.Sink.Items.Count);
    }

    [Fact]
    public async Task Export_EmptyMessage_Succeeds()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        Assert.Equal("0", (await CallAsync(receiver, TracePath, Frame([]))).Status);
        Assert.Empty(receiver.Sink.Items);
    }

    [Theory]
    [InlineData("", null, "13")]
    [InlineData("000000", null, "13")]
    [InlineData("0000000005aabb", null, "13")]
    [InlineData("02000000020a00", null, "13")]
    [InlineData("01000000020a00", null, "13")]
    [InlineData("01000000020a00", "gzip", "3")]
    [InlineData("00000000020a000000000000", null, "13")]
    [InlineData("0000000002ffff", null, "3")]
    [InlineData("00ffffffff0a00", null, "8")]
    [InlineData("00000000020a00", "snappy", "12")]
    public async Task Export_WrongFrame_IsAnsweredWithItsStatus(string hex, string? encoding, string expected)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        var answer = await CallAsync(receiver, TracePath, Convert.FromHexString(hex), encoding);

        Assert.Equal(expected, answer.Status);
        Assert.False(string.IsNullOrEmpty(answer.Message));
        Assert.Empty(answer.Body);
        Assert.Empty(receiver.Sink.Items);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
        // The endpoint still works.
        Assert.Equal("0", (await CallAsync(receiver, TracePath, Frame(OtlpSamples.Trace()))).Status);
    }

    [Fact]
    public async Task Export_UnknownMethod_IsUnimplemented()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        var answer = await CallAsync(receiver, "/grpc.health.v1.Health/Check", Frame([]));

        Assert.Equal("12", answer.Status);
    }

    [Fact]
    public async Task Export_NotGrpc_Is415()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var content = new ByteArrayContent(OtlpSamples.Trace());
        content.Headers.TryAddWithoutValidation("content-type", "application/x-protobuf");

        using var response = await receiver.Grpc.PostAsync(TracePath, content, Token);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Export_SinkFull_IsUnavailableWithRetryInfo()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        receiver.Sink.Full = true;

        var answer = await CallAsync(receiver, TracePath, Frame(OtlpSamples.Trace()));

        Assert.Equal("14", answer.Status);
        var status = RpcStatusMessage.Parser.ParseFrom(Convert.FromBase64String(answer.Details!));
        var detail = Assert.Single(status.Details);
        Assert.Equal("type.googleapis.com/google.rpc.RetryInfo", detail.TypeUrl);
        // RetryInfo { retry_delay = 1: Duration { seconds = 1 } }; lengths may be padded varints.
        var duration = new CodedInputStream(detail.Value.ToByteArray());
        Assert.Equal(0x0au, duration.ReadTag());
        Assert.Equal(1, Google.Protobuf.WellKnownTypes.Duration.Parser.ParseFrom(duration.ReadBytes()).Seconds);
    }

    [Fact]
    public async Task Export_OverTheByteBudget_IsUnavailableAndNotTaken()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var hog = receiver.Intake.Lease();
        Assert.Equal(BodyStatus.Complete, hog.Take(receiver.Options.InFlightBytes - 100));

        var answer = await CallAsync(receiver, TracePath, Frame(OtlpSamples.Trace()));

        Assert.Equal("14", answer.Status);
        Assert.Equal(0, receiver.Ledger[LedgerAccount.Traces].Received);
    }

    /// <summary>A sender that is reset during its upload may treat that as a broken connection, and repeat the request.</summary>
    [Theory]
    [InlineData(5_000_000)]
    [InlineData(64 * 1024 * 1024)]
    public async Task Export_TooLarge_IsReadToItsEndAndAnswered(int length)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var content = new Upload(length, length);

        var answer = await CallAsync(receiver, TracePath, content);

        Assert.Equal(("8", true), (answer.Status, content.IsSent));
        Assert.Equal((0, 0L), (receiver.Intake.InFlight.Count, receiver.Intake.BytesInFlight));
        Assert.Equal(1, receiver.Ledger[LedgerAccount.Traces].DroppedTotal);
    }

    [Fact]
    public async Task Export_LargeAndOverTheByteBudget_IsReadToItsEndAndUnavailableWithRetryInfo()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var hog = receiver.Intake.Lease();
        Assert.Equal(BodyStatus.Complete, hog.Take(receiver.Options.InFlightBytes - 100));
        using var content = new Upload(3_000_000, 3_000_000);

        var answer = await CallAsync(receiver, TracePath, content);

        Assert.Equal(("14", true), (answer.Status, content.IsSent));
        Assert.Single(RpcStatusMessage.Parser.ParseFrom(Convert.FromBase64String(answer.Details!)).Details);
    }

    [Fact]
    public async Task Export_EndlessBody_IsAnsweredAllTheSame()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var content = new Upload(uint.MaxValue, 1L << 40);

        var answer = await CallAsync(receiver, TracePath, content);

        Assert.Equal(("8", false), (answer.Status, content.IsSent));
        Assert.Equal("0", (await CallAsync(receiver, TracePath, Frame(OtlpSamples.Trace()))).Status);
    }

    /// <summary>Streams that end with unread data are reset, and after too many resets the server ends the connection.</summary>
    [Theory]
    [InlineData(TracePath, null, "8")]
    [InlineData(TracePath, "zstd", "12")]
    [InlineData("/grpc.health.v1.Health/Check", null, "12")]
    public async Task Export_HundredsRefusedOnOneConnection_AllAnswered(string path, string? encoding, string expected)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "5000" });
        var body = Frame(new byte[100_000]);

        // Stay below the server's limit of streams, because the client counts a stream as closed before the server does.
        var answers = new ConcurrentBag<string?>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 40, CancellationToken = Token },
            async (_, _) => answers.Add((await CallAsync(receiver, path, body, encoding)).Status));

        Assert.Equal(400, answers.Count);
        Assert.Equal([expected], answers.Distinct());
    }

    private static byte[] Frame(byte[] message, bool compressed = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static Task<(string? Status, string? Message, string? Details, byte[] Body)> CallAsync(
        ReceiverUnderTest receiver, string path, byte[] body, string? encoding = null) =>
        CallAsync(receiver, path, new StreamContent(new MemoryStream(body)), encoding);

    private static async Task<(string? Status, string? Message, string? Details, byte[] Body)> CallAsync(
        ReceiverUnderTest receiver, string path, HttpContent body, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (encoding is not null)
            request.Headers.TryAddWithoutValidation("grpc-encoding", encoding);
        using var response = await receiver.Grpc.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);
        var bytes = await response.Content.ReadAsByteArrayAsync(Token);
        string? Find(string name) => response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? string.Concat(values)
            : null;
        return (Find("grpc-status"), Find("grpc-message"), Find("grpc-status-details-bin"), bytes);
    }
}
