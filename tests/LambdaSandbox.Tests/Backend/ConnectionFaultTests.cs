using System.Net;
using System.Net.Sockets;
using System.Text;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

/// <summary>Faults of the TCP connection: before, instead of, or in the middle of an answer.</summary>
public sealed class ConnectionFaultTests : IAsyncLifetime
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
    public async Task Pause_KeepsThePortsFromEverybodyElse()
    {
        await _backend.PauseAsync(Cancellation);
        foreach (var url in new[] { _backend.HttpUrl, _backend.GrpcUrl })
        {
            using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var error = Assert.Throws<SocketException>(() => other.Bind(new IPEndPoint(IPAddress.Loopback, new Uri(url).Port)));
            Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
        }
    }

    [Fact]
    public async Task Start_OnATakenPort_SaysSo()
    {
        var taken = new Uri(_backend.GrpcUrl).Port;

        var error = await Assert.ThrowsAsync<IOException>(() => OtlpBackend.StartAsync(new() { GrpcPort = taken }, Cancellation));

        Assert.Contains($"port {taken} ", error.Message, StringComparison.Ordinal);
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

    /// <summary>Accepts both FIN and RST of a stopped server, because the test is not about that.</summary>
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
