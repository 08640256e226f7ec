using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Tests.Ingest.Http;

public sealed class ListeningSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TryBind_PortTaken_IsAValue()
    {
        using var first = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;

        Assert.Null(ListeningSocket.TryBind(IPAddress.Loopback, first.Port, out var problem));
        Assert.Equal(SocketError.AddressAlreadyInUse, problem);
    }

    /// <summary>The start-up order depends on this: subscribe first, serve later.</summary>
    [Fact]
    public async Task Start_ConnectionsMadeBefore_AreServed()
    {
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        using var early = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await early.ConnectAsync(IPAddress.Loopback, socket.Port, Token);
        await early.SendAsync("POST /any HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"u8.ToArray(), Token);

        await using var endpoint = new HttpEndpoint([new(socket, HttpVersionSpoken.Http1, EchoAsync)]);
        await endpoint.StartAsync(Token);

        var buffer = new byte[1000];
        var text = Encoding.ASCII.GetString(buffer, 0, await early.ReceiveAsync(buffer, Token));
        Assert.StartsWith("HTTP/1.1 200", text, StringComparison.Ordinal);
        Assert.EndsWith("/any hi", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_Throws_Is500AndTheNextIsServed()
    {
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        await using var endpoint = new HttpEndpoint([
            new(socket, HttpVersionSpoken.Http1, exchange => exchange.Path == "/bug" ? throw new InvalidOperationException("bug") : EchoAsync(exchange))]);
        await endpoint.StartAsync(Token);
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{socket.Port}") };
        using var content = new ByteArrayContent("x"u8.ToArray());

        using var bug = await http.PostAsync("/bug", content, Token);
        using var next = await http.PostAsync("/fine", content, Token);

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (bug.StatusCode, next.StatusCode));
    }

    [Fact]
    public async Task TwoEndpoints_EachHasItsHandler()
    {
        using var one = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        using var two = ListeningSocket.TryBind(IPAddress.Any, 0, out _)!;
        await using var endpoint = new HttpEndpoint([
            new(one, HttpVersionSpoken.Http1, exchange => exchange.AnswerAsync(201, null, default)),
            new(two, HttpVersionSpoken.Http1, exchange => exchange.AnswerAsync(202, null, default))]);
        await endpoint.StartAsync(Token);
        using var http = new HttpClient();

        using var first = await http.GetAsync(new Uri($"http://127.0.0.1:{one.Port}/"), Token);
        using var second = await http.GetAsync(new Uri($"http://127.0.0.1:{two.Port}/"), Token);

        Assert.Equal((201, 202), ((int)first.StatusCode, (int)second.StatusCode));
    }

    private static async Task EchoAsync(HttpExchange exchange)
    {
        var result = await RequestBody.ReadAsync(exchange.RequestBody, exchange.ContentLength, 100, null);
        var text = Encoding.ASCII.GetBytes($"{exchange.Path} {Encoding.ASCII.GetString(result.Body!.Span)}");
        result.Body.Release();
        await exchange.AnswerAsync(200, "text/plain", text);
    }
}
