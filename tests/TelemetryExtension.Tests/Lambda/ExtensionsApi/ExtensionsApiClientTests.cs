using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Lambda.ExtensionsApi;

/// <summary>Tests with a plain socket as server: the bytes on the wire, and the handling of broken connections.</summary>
public sealed class ExtensionsApiClientTests : IDisposable
{
    private const string Registered =
        "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-1\r\nContent-Length: 66\r\n\r\n{\"functionName\":\"orders\",\"functionVersion\":\"7\",\"accountId\":\"1234\"}";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ImpatientTimeProvider _time = new();
    private readonly RuntimeApiConnection _connection;
    private readonly ExtensionsApiClient _client;
    private readonly PollLoop _loop;

    public ExtensionsApiClientTests()
    {
        _listener.Start();
        _connection = new($"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _client = new(_connection, _time);
        _loop = new(_time, static bug => Assert.Fail(bug.ToString()));
        _loop.Start();
        _client.WaitWith(_loop.ReadableAsync);
    }

    [Theory]
    [InlineData(false, """{"events":["INVOKE","SHUTDOWN"]}""")]
    [InlineData(true, """{"events":["SHUTDOWN"]}""")]
    public async Task Register_Answered_TellsTheFunctionAndAsksForTheRightEvents(bool managedInstances, string body)
    {
        var server = Task.Run(() => AnswerOne(Registered));
        var function = await Task.Run(() => _client.Register(managedInstances, ["telemetry-extension"]), Cancellation);

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
        var function = await Task.Run(() => _client.Register(false, ["telemetry-extension"]), Cancellation);

        Assert.Equal(new RegisterResponse("", "", null), function);
        await server;
    }

    [Fact]
    public async Task Register_Refused_Throws()
    {
        var server = Task.Run(() => AnswerOne("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => Task.Run(() => _client.Register(false, ["telemetry-extension"]), Cancellation));
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
    [InlineData("""{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"a","tracing":{"value":"\ud800"}}""")]
    [InlineData("""{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"a","tracing":{"val""")]
    public async Task Next_PartlyReadableEvent_IsUsedAsFarAsReadable(string body)
    {
        var server = Task.Run(() => AnswerOne(Event(body)));
        _client.SendNext();

        Assert.Equal(new ExtensionEvent.Invoke("r", "a", null, 5), await _client.NextAsync(Cancellation));
        await server;
    }

    /// <summary>For any answer the client asks again, because the function fails when the extension exits.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnonsense")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>\r\n<title>Login</title></html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"eventType\":\"NEW\"}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"eventType\":\"INVOKE\"}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"e")]
    [InlineData("this is no HTTP at all\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("")]
    public async Task Next_AnswerThatIsNoEvent_IsAskedAgain(string answer)
    {
        var server = Task.Run(() =>
        {
            for (var i = 0; i < 3; i++)
                AnswerOne(answer);
            return AnswerOne(Event(ShutDown));
        });
        _client.SendNext();

        Assert.Equal(new ExtensionEvent.Shutdown("spindown", 5), await _client.NextAsync(Cancellation));
        Assert.StartsWith("GET /2020-01-01/extension/event/next HTTP/1.1\r\n", await server, StringComparison.Ordinal);
    }

    /// <summary>There is no hot loop: a thousand such answers take a quarter of an hour.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnonsense")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")]
    public async Task Next_RepeatedlyNoEvent_IsSentOnceASecond(string answer)
    {
        var server = Task.Run(() => AnswerAll([.. Enumerable.Repeat(answer, 1000), Event(ShutDown)]));
        _client.SendNext();

        Assert.IsType<ExtensionEvent.Shutdown>(await _client.NextAsync(Cancellation));
        Assert.InRange(_time.Waited, TimeSpan.FromSeconds(980), TimeSpan.FromSeconds(1000));
        await server;
    }

    [Fact]
    public async Task Next_OneUnknownEvent_IsAskedAgainAtOnce()
    {
        var server = Task.Run(() => AnswerAll([Event("""{"eventType":"NEW"}"""), Event(ShutDown)]));
        _client.SendNext();

        Assert.IsType<ExtensionEvent.Shutdown>(await _client.NextAsync(Cancellation));
        Assert.Equal(TimeSpan.Zero, _time.Waited);
        await server;
    }

    [Fact]
    public async Task Next_ApiIsUnreachable_IsLostAfterTenSeconds()
    {
        _listener.Stop();
        _client.SendNext();

        Assert.IsType<ExtensionEvent.Lost>(await _client.NextAsync(Cancellation));
        Assert.InRange(_time.Waited, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(11));
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 403 Forbidden\r\n\r\n")]
    [InlineData("HTTP/1.1 500 Internal\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")]
    public async Task Next_Refused_IsLost(string answer)
    {
        var server = Task.Run(() => AnswerOne(answer));
        _client.SendNext();

        Assert.IsType<ExtensionEvent.Lost>(await _client.NextAsync(Cancellation));
        Assert.Equal(TimeSpan.Zero, _time.Waited);
        await server;
    }

    [Fact]
    public async Task Register_TheNameIsRefused_TheNextOneIsTried()
    {
        var server = Task.Run(() => AnswerAll(["HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}", Registered]));

        await Task.Run(() => _client.Register(false, ["one", "one", "two"]), Cancellation);

        Assert.Equal("two", _client.Name);
        Assert.Equal(["one", "two"], (await server).Select(request => request.Split("Lambda-Extension-Name: ")[1].Split('\r')[0]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Busy\r\n\r\n")]
    public async Task Register_TemporaryFailure_IsRetried(string? answer)
    {
        var server = Task.Run(() =>
        {
            AnswerOne(answer);
            return AnswerOne(Registered);
        });

        Assert.Equal("orders", (await Task.Run(() => _client.Register(false, ["telemetry-extension"]), Cancellation)).FunctionName);
        await server;
    }

    /// <summary>Lambda does not answer, and the first Next must not wait for it.</summary>
    [Fact]
    public async Task Subscribe_NoAnswer_EndsAndNextGoesOverAnotherConnection()
    {
        var server = Task.Run(() =>
        {
            using var silent = _listener.AcceptSocket();
            ReadRequest(silent);
            silent.Send(Encoding.UTF8.GetBytes(Registered));
            return AnswerOne(Event(ShutDown));
        });
        await Task.Run(() => _client.Register(false, ["telemetry-extension"]), Cancellation);

        await Assert.ThrowsAnyAsync<SocketException>(() => Task.Run(() => _client.Subscribe("{}", TimeSpan.FromMilliseconds(50)), Cancellation));
        _client.SendNext();

        Assert.IsType<ExtensionEvent.Shutdown>(await _client.NextAsync(Cancellation));
        Assert.Contains("Lambda-Extension-Identifier: id-1\r\n", await server, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _loop.End();
        _connection.Dispose();
        _listener.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private const string ShutDown = """{"eventType":"SHUTDOWN","shutdownReason":"SPINDOWN","deadlineMs":5}""";

    private static string Event(string json) => $"HTTP/1.1 200 OK\r\nContent-Length: {json.Length}\r\n\r\n{json}";

    /// <summary>Accepts one connection, reads one request, and answers or, with null, closes.</summary>
    private string AnswerOne(string? answer)
    {
        using var socket = _listener.AcceptSocket();
        socket.ReceiveTimeout = 5000;
        var request = ReadRequest(socket);
        if (answer is not null)
            socket.Send(Encoding.UTF8.GetBytes(answer));
        return request;
    }

    /// <summary>Answers requests of one connection in turn, and returns them.</summary>
    private List<string> AnswerAll(IReadOnlyList<string> answers)
    {
        using var socket = _listener.AcceptSocket();
        socket.ReceiveTimeout = 5000;
        var requests = new List<string>();
        foreach (var answer in answers)
        {
            requests.Add(ReadRequest(socket));
            socket.Send(Encoding.UTF8.GetBytes(answer));
        }

        return requests;
    }

    private static string ReadRequest(Socket socket)
    {
        var buffer = new byte[4096];
        var request = "";
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal) || (request.Contains("Content-Length", StringComparison.Ordinal) && !request.EndsWith('}')))
            request += Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        return request;
    }
}
