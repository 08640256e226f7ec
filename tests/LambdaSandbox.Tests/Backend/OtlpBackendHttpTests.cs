using System.Net;
using System.Text;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

public sealed class OtlpBackendHttpTests : IAsyncLifetime
{
    private readonly OtlpClient _client = new();
    private OtlpBackend _backend = null!;

    public async ValueTask InitializeAsync() =>
        _backend = await OtlpBackend.StartAsync(new() { MaxRequestBytes = 10_000 }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Post_EachSignal_IsDecodedAndFlattened()
    {
        await _client.PostAsync(_backend.HttpUrl + "/v1/traces", OtlpVectors.Trace);
        await _client.PostAsync(_backend.HttpUrl + "/v1/logs", OtlpVectors.Log);
        await _client.PostAsync(_backend.HttpUrl + "/v1/metrics", OtlpVectors.Metric);

        var span = Assert.Single(_backend.Spans);
        Assert.Equal(("demo", "demo", "x"), (span.Span.Name, span.Resource.Attributes[0].Value.StringValue, span.Scope.Name));
        Assert.Equal("hi", Assert.Single(_backend.LogRecords).LogRecord.Body.StringValue);
        Assert.Equal("faas.coldstarts", Assert.Single(_backend.Metrics).Metric.Name);
        Assert.Equal([OtlpSignal.Traces, OtlpSignal.Logs, OtlpSignal.Metrics], _backend.Requests.Select(request => request.Signal!.Value));
        Assert.All(_backend.Requests, request => Assert.Equal((200, 1L, 1L), (request.HttpStatus!.Value, request.ItemCount, request.AcceptedItems)));
        Assert.Single(_backend.Requests.Select(request => request.ConnectionId).Distinct());
    }

    [Fact]
    public async Task Post_Protobuf_AnswersAnEmptyMessageInProtobuf()
    {
        var answer = await _client.PostAsync(_backend.HttpUrl + "/v1/traces", OtlpVectors.Trace);

        Assert.Equal((HttpStatusCode.OK, "application/x-protobuf", 0), (answer.Status, answer.ContentType, answer.Body.Length));
    }

    [Fact]
    public async Task Post_Json_AnswersAnEmptyObjectInJson()
    {
        var answer = await _client.PostAsync(
            _backend.HttpUrl + "/v1/traces", Encoding.UTF8.GetBytes(OtlpVectors.TraceJson), "application/json; charset=utf-8");

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.ContentType));
        Assert.Equal("{ }", Encoding.UTF8.GetString(answer.Body));
        Assert.Equal(OtlpProtocol.HttpJson, _backend.Requests[0].Protocol);
        Assert.Equal(ExportTraceServiceRequest.Parser.ParseFrom(OtlpVectors.Trace), _backend.Requests[0].Message);
    }

    [Fact]
    public async Task Post_Gzip_KeepsBothSizes()
    {
        var wire = RequestBody.Gzip(OtlpVectors.Trace);

        await _client.PostAsync(_backend.HttpUrl + "/v1/traces", wire, encoding: "gzip");

        var request = Assert.Single(_backend.Requests);
        Assert.True(request.Compressed);
        Assert.Equal((wire.Length, OtlpVectors.Trace.Length), ((int)request.WireSize, request.Body.Length));
        Assert.Equal("gzip", request.Headers["content-encoding"]);
        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task Post_EmptyRequest_IsASuccess()
    {
        var answer = await _client.PostAsync(_backend.HttpUrl + "/v1/logs", []);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Null(_backend.Requests[0].Problem);
    }

    [Theory]
    [InlineData("application/x-protobuf", null, "0a05ff")]
    [InlineData("application/x-protobuf", "gzip", "0a05ff")]
    [InlineData("application/json", null, "7b22")]
    public async Task Post_Undecodable_Answers400WithAStatusInTheSameContentType(string contentType, string? encoding, string hex)
    {
        var answer = await _client.PostAsync(_backend.HttpUrl + "/v1/traces", Convert.FromHexString(hex), contentType, encoding);

        Assert.Equal((HttpStatusCode.BadRequest, contentType), (answer.Status, answer.ContentType));
        if (contentType == "application/json")
            Assert.StartsWith("{ \"code\": 3, \"message\": \"not JSON", Encoding.UTF8.GetString(answer.Body), StringComparison.Ordinal);
        else
            Assert.Equal(3, answer.Decode<Google.Rpc.Status>().Code);
        Assert.NotNull(_backend.Requests[0].Problem);
        Assert.Empty(_backend.Spans);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(40)]
    public async Task Post_GzipCutOff_Answers400(int missing)
    {
        var answer = await _client.PostAsync(
            _backend.HttpUrl + "/v1/traces", RequestBody.Gzip(OtlpVectors.Trace)[..^missing], encoding: "gzip");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task Post_WrongContentType_Answers415()
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _client.PostAsync(_backend.HttpUrl + "/v1/traces", [], "text/plain")).Status);
    }

    [Fact]
    public async Task Post_UnknownEncoding_Answers415()
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _client.PostAsync(_backend.HttpUrl + "/v1/traces", [], encoding: "br")).Status);
    }

    [Fact]
    public async Task Put_Answers405WithAllow()
    {
        var answer = await _client.PostAsync(_backend.HttpUrl + "/v1/traces", OtlpVectors.Trace, method: HttpMethod.Put);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal(405, _backend.Requests[0].HttpStatus);
    }

    [Fact]
    public async Task Post_UnknownPath_Answers404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PostAsync(_backend.HttpUrl + "/v1/profiles", OtlpVectors.Trace)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_OverTheLimit_Answers413(bool bomb)
    {
        var body = new byte[10_001];

        var answer = await _client.PostAsync(_backend.HttpUrl + "/v1/traces", bomb ? RequestBody.Gzip(body) : body, encoding: bomb ? "gzip" : null);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Fact]
    public async Task CompressedResponses_WhenTheClientTakesGzip_AreGzip()
    {
        await using var backend = await OtlpBackend.StartAsync(new() { CompressResponses = true }, TestContext.Current.CancellationToken);
        backend.Respond = Faults.Always(Fault.PartialSuccess(1, "too old"));
        using var client = new OtlpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip });

        var answer = await client.PostAsync(backend.HttpUrl + "/v1/traces", OtlpVectors.Trace);

        Assert.Equal("too old", answer.Decode<ExportTraceServiceResponse>().PartialSuccess.ErrorMessage);
    }

    [Fact]
    public async Task WaitForAsync_WhatHasNotHappened_ThrowsSayingWhatThereIs()
    {
        await _client.PostAsync(_backend.HttpUrl + "/v1/traces", OtlpVectors.Trace);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => _backend.WaitForAsync(
            backend => backend.Spans.Count == 2, TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));

        Assert.Contains("1 spans", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitForAsync_WhatHappensLater_Returns()
    {
        var waiting = _backend.WaitForAsync(
            backend => backend.Spans.Count == 1, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        await _client.PostAsync(_backend.HttpUrl + "/v1/traces", OtlpVectors.Trace);

        await waiting;
    }
}
