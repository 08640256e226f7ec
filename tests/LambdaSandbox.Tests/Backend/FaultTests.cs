using System.Net;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

public sealed class FaultTests : IAsyncLifetime
{
    private readonly OtlpClient _client = new();
    private OtlpBackend _backend = null!;

    private string Traces => _backend.HttpUrl + "/v1/traces";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _backend = await OtlpBackend.StartAsync(cancellationToken: Cancellation);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Http_RetryAfterSeconds_IsAnsweredAndTheDataRefused()
    {
        _backend.Respond = Faults.First(1, Fault.Http(503, "busy", retryAfter: TimeSpan.FromSeconds(1.2)));

        var refused = await _client.PostAsync(Traces, OtlpVectors.Trace);
        var accepted = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "2"), (refused.Status, refused.Headers.RetryAfter!.ToString()));
        Assert.Equal((14, "busy"), (refused.Decode<Google.Rpc.Status>().Code, refused.Decode<Google.Rpc.Status>().Message));
        Assert.Equal(HttpStatusCode.OK, accepted.Status);
        Assert.Single(_backend.Spans);
        Assert.Equal([0L, 1], _backend.Requests.Select(request => request.AcceptedItems));
    }

    [Fact]
    public async Task Http_RetryAfterDate_IsAnsweredInTheFormOfHttp()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        _backend.Respond = Faults.Always(Fault.Http(429, retryAt: time));

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal("Fri, 02 Jan 2026 03:04:05 GMT", answer.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task Http_OwnBodyAndHeaders_AreSentAsTheyAre()
    {
        _backend.Respond = Faults.Always(Fault.Http(
            307, headers: new Dictionary<string, string> { ["X-Why"] = "because" }, body: "<html>"u8.ToArray()));

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal((307, "because", "<html>"), ((int)answer.Status, answer.Headers.GetValues("X-Why").Single(), Encoding.UTF8.GetString(answer.Body)));
    }

    [Fact]
    public async Task Http_OverGrpc_ComesWithoutGrpcStatus()
    {
        _backend.Respond = Faults.Always(Fault.Http(502));

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal((HttpStatusCode.BadGateway, (int?)null), (answer.Http, answer.Status));
    }

    [Fact]
    public async Task PartialSuccess_RejectsThatManyItems()
    {
        _backend.Respond = Faults.Always(Fault.PartialSuccess(1, "too old"));

        var answer = await _client.PostAsync(Traces, [.. OtlpVectors.Trace, .. OtlpVectors.Trace]);

        var partial = answer.Decode<ExportTraceServiceResponse>().PartialSuccess;
        Assert.Equal((HttpStatusCode.OK, 1L, "too old"), (answer.Status, partial.RejectedSpans, partial.ErrorMessage));
        Assert.Single(_backend.Spans);
        Assert.Equal(1, _backend.Requests[0].AcceptedItems);
    }

    [Fact]
    public async Task PartialSuccess_OfMetrics_CountsDataPoints()
    {
        _backend.Respond = Faults.Always(Fault.PartialSuccess(2, "no"));
        var request = ExportMetricsServiceRequest.Parser.ParseFrom([.. OtlpVectors.Metric, .. OtlpVectors.Metric]);
        var points = request.ResourceMetrics[1].ScopeMetrics[0].Metrics[0].Sum.DataPoints;
        points.Add(points[0].Clone());
        points[1].AsInt = 7;

        await _client.PostAsync(_backend.HttpUrl + "/v1/metrics", Google.Protobuf.MessageExtensions.ToByteArray(request));

        Assert.Equal((3L, 1L), (_backend.Requests[0].ItemCount, _backend.Requests[0].AcceptedItems));
        Assert.Equal(7, Assert.Single(Assert.Single(_backend.Metrics).Metric.Sum.DataPoints).AsInt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Grpc_WithRetryDelay_CarriesRetryInfo(bool trailersOnly)
    {
        _backend.Respond = Faults.Always(Fault.Grpc(GrpcStatus.Unavailable, "später, 100 %", TimeSpan.FromMilliseconds(1500), trailersOnly));

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal((GrpcStatus.Unavailable, "später, 100 %", trailersOnly), (answer.Status, answer.Message, answer.TrailersOnly));
        var detail = Assert.Single(answer.Details!.Details);
        Assert.Equal("type.googleapis.com/google.rpc.RetryInfo", detail.TypeUrl);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), detail.Unpack<Google.Rpc.RetryInfo>().RetryDelay.ToTimeSpan());
        Assert.Equal(GrpcStatus.Unavailable, _backend.Requests[0].GrpcStatus);
        Assert.Empty(_backend.Spans);
    }

    [Fact]
    public async Task Grpc_OverHttp_BecomesTheStatusThatCollectorsUse()
    {
        _backend.Respond = Faults.Always(Fault.Grpc(GrpcStatus.ResourceExhausted, "slow down"));

        Assert.Equal(HttpStatusCode.TooManyRequests, (await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);
    }

    [Fact]
    public async Task RefuseContaining_RefusesOnlyThePoisonedPayload()
    {
        _backend.Respond = Faults.RefuseContaining("hi");

        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PostAsync(_backend.HttpUrl + "/v1/logs", OtlpVectors.Log)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);
    }

    [Fact]
    public async Task Delay_OfTheScript_ComesBeforeTheAnswer()
    {
        _backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(60)));
        var begin = TimeProvider.System.GetTimestamp();

        await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.InRange(TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds, 55, 10_000);
    }

    [Fact]
    public async Task HangBeforeHeaders_SaysNothingUntilTheBackendStops()
    {
        _backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);
        await _backend.WaitForAsync(backend => backend.Requests.Count == 1, TimeSpan.FromSeconds(20), Cancellation);
        var reading = connection.ReadToEndAsync();
        Assert.False(reading.IsCompleted);

        await _backend.PauseAsync(Cancellation);

        Assert.Equal("", await Lenient(reading));
        Assert.Null(_backend.Requests[0].HttpStatus);
        Assert.Empty(_backend.Spans);
    }

    [Fact]
    public async Task HangMidBody_SendsHeadersAndThreeBytes()
    {
        _backend.Respond = Faults.Always(Fault.HangMidBody);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);

        var text = new StringBuilder();
        while (!text.ToString().EndsWith("\r\n\r\n\0\0\0", StringComparison.Ordinal))
            text.Append(await connection.ReadAsync());

        Assert.StartsWith("HTTP/1.1 200", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("Content-Length: 100", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CloseAfterHeaders_EndsTheConnectionInOrder()
    {
        _backend.Respond = Faults.Always(Fault.CloseAfterHeaders);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);

        var text = await connection.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", text, StringComparison.Ordinal);
        Assert.EndsWith("\0\0\0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_IsATcpResetInPlaceOfAnAnswer()
    {
        _backend.Respond = Faults.Always(Fault.Reset);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);

        var error = await Assert.ThrowsAsync<SocketException>(connection.ReadToEndAsync);

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.Empty(_backend.Spans);
    }

    [Fact]
    public async Task ButTaken_KeepsWhatTheClientBelievesLost()
    {
        _backend.Respond = Faults.Always(Fault.Reset.ButTaken());
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);

        await Assert.ThrowsAsync<SocketException>(connection.ReadToEndAsync);

        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task ResetAfter_IsATcpResetInTheMiddleOfTheRequest()
    {
        _backend.Receive = _ => Reading.ResetAfter(10);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace[..20], contentLength: 1000);

        var error = await Assert.ThrowsAsync<SocketException>(connection.ReadToEndAsync);

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        await _backend.WaitForAsync(backend => backend.Requests.Count == 1, TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal("the body did not arrive", _backend.Requests[0].Problem);
    }

    [Fact]
    public async Task Slowly_TakesAsLongAsTheRateSays()
    {
        _backend.Receive = _ => Reading.Slowly(bytesPerSecond: 1000);
        var begin = TimeProvider.System.GetTimestamp();

        await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.InRange(TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds, 115, 10_000);
        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task Never_IsFeltByTheSender()
    {
        _backend.Receive = _ => Reading.Never;
        const int megabytes = 64 << 20;
        using var connection = await RawHttp.PostAsync(Traces, [], contentLength: megabytes);

        var sending = connection.SendAsync(new byte[megabytes]);

        Assert.NotSame(sending, await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(300), Cancellation)));
        await _backend.PauseAsync(Cancellation);
        await Assert.ThrowsAnyAsync<SocketException>(() => sending);
    }

    [Fact]
    public async Task LastOnConnection_OverHttp_ClosesIt()
    {
        _backend.Respond = Faults.Always(Fault.LastOnConnection);
        using var connection = await RawHttp.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Contains("Connection: close", await connection.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task LastOnConnection_OverGrpc_MakesTheClientConnectAnew()
    {
        _backend.Respond = Faults.First(1, Fault.LastOnConnection);

        for (var request = 0; request < 3; request++)
            Assert.Equal(GrpcStatus.Ok, (await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace)).Status);

        Assert.Equal(2, _backend.Requests.Select(request => request.ConnectionId).Distinct().Count());
    }

    [Fact]
    public async Task GoAway_LeavesTheStreamUnprocessed()
    {
        // SocketsHttpHandler repeats by itself what a GOAWAY says was not processed, and nothing else.
        _backend.Respond = Faults.First(1, Fault.GoAway());

        var answer = await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace);

        Assert.Equal(GrpcStatus.Ok, answer.Status);
        Assert.Equal(2, _backend.Requests.Select(request => request.ConnectionId).Distinct().Count());
        Assert.Null(_backend.Requests[0].HttpStatus);
        Assert.Single(_backend.Spans);
    }

    [Fact]
    public async Task GoAway_WithAnError_TellsTheClientItsCode()
    {
        _backend.Respond = Faults.Always(Fault.GoAway(errorCode: 11).ButTaken());

        var error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));

        Assert.Contains("ENHANCE_YOUR_CALM", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "INTERNAL_ERROR")]
    [InlineData(8, "CANCEL")]
    public async Task ResetStream_TellsTheClientItsCode(int code, string name)
    {
        _backend.Respond = Faults.First(1, Fault.ResetStream(code));

        var error = await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));

        Assert.Contains(name, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(GrpcStatus.Ok, (await _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace)).Status);
        Assert.Single(_backend.Requests.Select(request => request.ConnectionId).Distinct());
    }

    [Fact]
    public async Task CloseAfterHeaders_OverGrpc_FailsTheCall()
    {
        _backend.Respond = Faults.Always(Fault.CloseAfterHeaders);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.ExportAsync(_backend.GrpcUrl, OtlpVectors.Trace));
    }

    [Fact]
    public async Task Script_ThatThrows_Answers500WithItsMessage()
    {
        _backend.Respond = _ => throw new InvalidOperationException("a bug in the test");

        var answer = await _client.PostAsync(Traces, OtlpVectors.Trace);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Contains("a bug in the test", answer.Decode<Google.Rpc.Status>().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sequence_AcrossProtocols_GoesInOrder()
    {
        _backend.Respond = Faults.On(OtlpSignal.Traces, Faults.Sequence(Fault.Http(500), Fault.None, Fault.Http(400)));

        var statuses = new List<int>();
        for (var request = 0; request < 4; request++)
            statuses.Add((int)(await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);

        Assert.Equal(200, (int)(await _client.PostAsync(_backend.HttpUrl + "/v1/logs", OtlpVectors.Log)).Status);
        Assert.Equal([500, 200, 400, 200], statuses);
    }

    [Fact]
    public async Task Pause_RefusesUntilResumedOnTheSamePort()
    {
        var (http, grpc) = (_backend.HttpUrl, _backend.GrpcUrl);
        await _client.PostAsync(Traces, OtlpVectors.Trace);

        await _backend.PauseAsync(Cancellation);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => _client.PostAsync(Traces, OtlpVectors.Trace));
        Assert.Equal(HttpRequestError.ConnectionError, error.HttpRequestError);
        await _backend.ResumeAsync(Cancellation);

        Assert.Equal((http, grpc), (_backend.HttpUrl, _backend.GrpcUrl));
        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync(Traces, OtlpVectors.Trace)).Status);
        Assert.Equal(2, _backend.Spans.Count);
    }

    [Fact]
    public async Task RefusingEndpoint_RefusesConnections()
    {
        using var endpoint = new RefusingEndpoint();

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => _client.PostAsync(endpoint.Url + "/v1/traces", OtlpVectors.Trace));

        Assert.Equal(HttpRequestError.ConnectionError, error.HttpRequestError);
    }

    [Fact]
    public async Task HangingEndpoint_TakesEverythingAndNeverAnswers()
    {
        var endpoint = new HangingEndpoint();
        using var connection = await RawHttp.PostAsync(endpoint.Url + "/v1/traces", OtlpVectors.Trace);
        var reading = connection.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (endpoint.BytesReceived < OtlpVectors.Trace.Length)
            await Task.Delay(TimeSpan.FromMilliseconds(5), deadline.Token);
        Assert.False(reading.IsCompleted);

        await endpoint.DisposeAsync();

        Assert.Equal("", await Lenient(reading));
        Assert.Equal(1, endpoint.Connections);
    }

    /// <summary>Whether a stopped server says goodbye with FIN or RST is not what the test is about.</summary>
    private static async Task<string> Lenient(Task<string> reading)
    {
        try
        {
            return await reading;
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
