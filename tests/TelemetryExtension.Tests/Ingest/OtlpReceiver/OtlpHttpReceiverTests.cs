using System.Net;
using System.Text.Json;
using System.Text;
using LambdaSandbox.Backend;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Otlp;
using RpcStatusMessage = Google.Rpc.Status;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

public sealed class OtlpHttpReceiverTests
{
    private const string Protobuf = "application/x-protobuf";
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/traces", 0, 1)]
    [InlineData("/v1/metrics", 1, 10)]
    [InlineData("/v1/logs", 2, 1)]
    public async Task Post_ValidProtobuf_ReachesTheSinkUntouched(string path, int signal, int records)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var sent = OtlpSamples.Of((Signal)signal);

        using var response = await receiver.PostAsync(path, sent);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Protobuf, response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Token));
        var item = Assert.Single(receiver.Sink.Items);
        Assert.Equal(((Signal)signal, records), (item.Signal, item.Records));
        Assert.Equal(sent, item.Bytes);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    [InlineData("identity")]
    public async Task Post_ChunkedOrGzip_IsTheSame(string? encoding)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var sent = OtlpSamples.Trace(spans: 2000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces")
        {
            Content = new StreamContent(new MemoryStream(encoding == "gzip" ? OtlpSamples.Gzip(sent) : sent)),
        };
        request.Headers.TransferEncodingChunked = true;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf; charset=utf-8");
        if (encoding is not null)
            request.Content.Headers.ContentEncoding.Add(encoding);

        using var response = await receiver.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(sent, Assert.Single(receiver.Sink.Items).Bytes);
    }

    [Fact]
    public async Task Post_Json_IsAnsweredInJsonAndConverted()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var response = await receiver.PostAsync("/v1/logs",
            """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}"""u8.ToArray(), "application/json; charset=utf-8");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("{}", await response.Content.ReadAsStringAsync(Token));
        Assert.Equal(1, Assert.Single(receiver.Sink.Items).Records);
    }

    [Theory]
    [InlineData("application/x-protobuf", "")]
    [InlineData("application/json", "{}")]
    public async Task Post_EmptyRequest_SucceedsAndBringsNothing(string contentType, string body)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var response = await receiver.PostAsync("/v1/traces", Encoding.UTF8.GetBytes(body), contentType);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(receiver.Sink.Items);
    }

    [Theory]
    [InlineData("POST", "/v1/profiles", "application/x-protobuf", null, 404)]
    [InlineData("POST", "/", null, null, 404)]
    [InlineData("GET", "/v1/traces", null, null, 405)]
    [InlineData("POST", "/v1/traces", "text/plain", null, 415)]
    [InlineData("POST", "/v1/traces", null, null, 415)]
    [InlineData("POST", "/v1/traces", "application/x-protobuf", "br", 415)]
    public async Task Request_NotOtlp_IsRefusedWithStatus(string method, string path, string? contentType, string? encoding, int expected)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = new ByteArrayContent(OtlpSamples.Trace());
            if (contentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            if (encoding is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        using var response = await receiver.Http.SendAsync(request, Token);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal(contentType == Protobuf ? Protobuf : "application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(receiver.Sink.Items);
    }

    [Fact]
    public async Task Post_TruncatedProtobuf_IsABadRequestThatNamesTheField()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var response = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace()[..^3]);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var status = RpcStatusMessage.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(3, status.Code);
        Assert.Contains("resourceSpans", status.Message, StringComparison.Ordinal);
        var line = receiver.Ledger[LedgerAccount.Traces];
        Assert.Equal((1, 1), (line.Received, line.Dropped[(int)DropReason.Malformed]));
    }

    [Fact]
    public async Task Post_BrokenRequestOfManyRecords_CountsThemAll()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var protobuf = await receiver.PostAsync("/v1/traces", [.. OtlpSamples.Trace(7), 0xff]);
        using var json = await receiver.PostAsync("/v1/logs", """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{"spanId":"?"},{}]}]}]}"""u8.ToArray(), "application/json");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (protobuf.StatusCode, json.StatusCode));
        Assert.Equal((7, 3), (Malformed(LedgerAccount.Traces), Malformed(LedgerAccount.Logs)));

        long Malformed(LedgerAccount account) => receiver.Ledger[account].Dropped[(int)DropReason.Malformed];
    }

    /// <summary>An SDK that cuts text inside a character must not lose the records beside it.</summary>
    [Theory]
    [InlineData(Protobuf)]
    [InlineData("application/json")]
    public async Task Post_OneStringThatIsNotUnicode_AllRecordsAreTaken(string contentType)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        var body = contentType == Protobuf
            ? [.. OtlpSamples.Trace(2), .. OtlpStringFields.Protobuf(OtlpStringFields.All().First(field => field.Path is [.., { Name: "spans" }, { Name: "name" }]).Path, [0xff])]
            : """{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":"\ud83d"},{"name":"c"}]}]}]}"""u8.ToArray();

        using var response = await receiver.PostAsync("/v1/traces", body, contentType);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var (_, bytes, records) = Assert.Single(receiver.Sink.Items);
        Assert.Equal(3, records);
        Assert.Empty(OtlpRules.Check(OtlpSamples.Parse(Signal.Traces, bytes), bytes));
        Assert.Equal((3L, 0L), (receiver.Ledger[LedgerAccount.Traces].Received, receiver.Ledger[LedgerAccount.Traces].DroppedTotal));
    }

    [Fact]
    public async Task Post_BadJson_IsABadRequestThatNamesThePath()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var response = await receiver.PostAsync("/v1/traces",
            """{"resourceSpans":[{"scopeSpans":[{"spans":[{},{"traceId":"xyz"}]}]}]}"""u8.ToArray(), "application/json");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var status = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Token));
        Assert.Contains("resourceSpans[0].scopeSpans[0].spans[1].traceId", status.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_LargerThanTheLimit_Is413(bool declared)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "10000" });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(new byte[200_000]) };
        request.Headers.TransferEncodingChunked = !declared;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", Protobuf);

        using var response = await receiver.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(1, receiver.Ledger[LedgerAccount.Traces].DroppedTotal);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
    }

    [Fact]
    public async Task Post_ExactlyTheLimit_IsTaken()
    {
        var sent = OtlpSamples.Trace(spans: 50);
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = $"{sent.Length}" });

        using var plain = await receiver.PostAsync("/v1/traces", sent);
        using var gzip = await receiver.PostAsync("/v1/traces", OtlpSamples.Gzip(sent), encoding: "gzip");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (plain.StatusCode, gzip.StatusCode));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("X-GZIP")]
    public async Task Post_GzipByEitherName_IsTaken(string encoding)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        using var response = await receiver.PostAsync("/v1/traces", OtlpSamples.Gzip(OtlpSamples.Trace()), encoding: encoding);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Post_GzipBomb_Is413WithinTheLimit()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync(new() { ["TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES"] = "1000000" });
        var bomb = OtlpSamples.Gzip(new byte[100_000_000]);
        Assert.True(bomb.Length < 1_000_000);

        using var response = await receiver.PostAsync("/v1/traces", bomb, encoding: "gzip");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(0, receiver.Intake.BytesInFlight);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(60)]
    public async Task Post_BrokenGzip_IsABadRequest(int length)
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();

        using var truncated = await receiver.PostAsync("/v1/traces", OtlpSamples.Gzip(OtlpSamples.Trace(20))[..length], encoding: "gzip");
        using var notGzip = await receiver.PostAsync("/v1/traces", OtlpSamples.Trace(), encoding: "gzip");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (truncated.StatusCode, notGzip.StatusCode));
    }

    [Fact]
    public async Task Post_SinkFull_Is429WithRetryAfter()
    {
        await using var receiver = await ReceiverUnderTest.StartAsync();
        receiver.Sink.Full = true;

        using var response = await receiver.PostAsync("/v1/logs", OtlpSamples.Logs());

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
    }
}
