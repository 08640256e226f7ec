using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Tests.Lambda.ExtensionsApi;

/// <summary>Against a server that is nothing but a socket: what is on the wire, and what broken connections do.</summary>
public sealed class ExtensionsApiClientTests : IDisposable
{
    private const string Registered =
        "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-1\r\nContent-Length: 66\r\n\r\n{\"functionName\":\"orders\",\"functionVersion\":\"7\",\"accountId\":\"1234\"}";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly RuntimeApiConnection _connection;
    private readonly ExtensionsApiClient _client;

    public ExtensionsApiClientTests()
    {
        _listener.Start();
        _connection = new($"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _client = new(_connection, TimeProvider.System);
    }

    [Theory]
    [InlineData(false, """{"events":["INVOKE","SHUTDOWN"]}""")]
    [InlineData(true, """{"events":["SHUTDOWN"]}""")]
    public async Task Register_Answered_TellsTheFunctionAndAsksForTheRightEvents(bool managedInstances, string body)
    {
        var server = Task.Run(() => AnswerOne(Registered));
        var function = await Task.Run(() => _client.Register(managedInstances), Cancellation);

        Assert.Equal(new RegisterResponse("orders", "7", "1234"), function);
        var request = await server;
        Assert.StartsWith("POST /2020-01-01/extension/register HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Lambda-Extension-Name: telemetry-extension\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Lambda-Extension-Accept-Feature: accountId\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"functionName":"\ud800"}""")]
    public async Task Register_AnswerThatCannotBeRead_LeavesEmptyValues(string body)
    {
        var server = Task.Run(() => AnswerOne($"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-1\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        var function = await Task.Run(() => _client.Register(false), Cancellation);

        Assert.Equal(new RegisterResponse("", "", null), function);
        await server;
    }

    [Fact]
    public async Task Register_Refused_Throws()
    {
        var server = Task.Run(() => AnswerOne("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => Task.Run(() => _client.Register(false), Cancellation));
        await server;
    }

    [Fact]
    public async Task Next_ConnectionLostWhileWaiting_IsAskedAgainOnANewOne()
    {
        var server = Task.Run(() =>
        {
            AnswerOne(null);
            return AnswerOne(Event("""{"eventType":"SHUTDOWN","shutdownReason":"SPINDOWN","deadlineMs":1754914203412}"""));
        });
        _client.SendNext();
        var next = await _client.NextAsync(Cancellation);

        Assert.Equal(new ExtensionEvent.Shutdown("spindown", 1_754_914_203_412), next);
        Assert.StartsWith("GET /2020-01-01/extension/event/next HTTP/1.1\r\n", await server, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Next_AnswerInChunks_IsReadWhole()
    {
        const string json = """{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"a","tracing":{"type":"X","value":"Root=1"},"more":[1]}""";
        var server = Task.Run(() => AnswerOne(
            $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{8:x}\r\n{json[..8]}\r\n{json.Length - 8:x}\r\n{json[8..]}\r\n0\r\n\r\n"));
        _client.SendNext();

        Assert.Equal(new ExtensionEvent.Invoke("r", "a", "Root=1", 5), await _client.NextAsync(Cancellation));
        await server;
    }

    [Theory]
    [InlineData("""{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"a","tracing":{"value":"\ud800"}}""", "r")]
    [InlineData("""{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"a","tracing":{"val""", "r")]
    [InlineData("nonsense", null)]
    [InlineData("", null)]
    public async Task Next_AnswerThatCannotBeReadToItsEnd_IsTakenAsFarAsItGoes(string body, string? requestId)
    {
        var server = Task.Run(() => AnswerOne(Event(body)));
        _client.SendNext();

        ExtensionEvent expected = requestId is null ? new ExtensionEvent.Unknown("") : new ExtensionEvent.Invoke(requestId, "a", null, 5);
        Assert.Equal(expected, await _client.NextAsync(Cancellation));
        await server;
    }

    [Fact]
    public async Task Next_NobodyListensAnyMore_EndsWithAnException()
    {
        _listener.Stop();
        _client.SendNext();

        await Assert.ThrowsAnyAsync<SocketException>(async () => await _client.NextAsync(Cancellation));
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")]
    public async Task Next_Refused_Throws(string answer)
    {
        var server = Task.Run(() => AnswerOne(answer));
        _client.SendNext();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _client.NextAsync(Cancellation));
        await server;
    }

    public void Dispose()
    {
        _connection.Dispose();
        _listener.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Event(string json) => $"HTTP/1.1 200 OK\r\nContent-Length: {json.Length}\r\n\r\n{json}";

    /// <summary>Takes one connection, reads one request, and answers or, with null, hangs up.</summary>
    private string AnswerOne(string? answer)
    {
        using var socket = _listener.AcceptSocket();
        socket.ReceiveTimeout = 5000;
        var buffer = new byte[4096];
        var request = "";
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal) || (request.Contains("Content-Length", StringComparison.Ordinal) && !request.EndsWith('}')))
            request += Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        if (answer is not null)
            socket.Send(Encoding.UTF8.GetBytes(answer));
        return request;
    }
}
