using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Tests.Ingest.Http;

public sealed class ConnectionLimitTests
{
    /// <summary>The limit of HTTP/2 connections.</summary>
    private const int Http2Limit = 64;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Accept_ManyThatHangUp_NextIsServed()
    {
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        await using var endpoint = await StartAsync(socket, HttpVersionSpoken.Http1);
        for (var i = 0; i < 500; i++)
        {
            using var gone = await ConnectAsync(socket.Port);
            await gone.SendAsync("POST / HTTP/1.1\r\nContent-Len"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        using var next = await ConnectAsync(socket.Port);
        await next.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 204", await ReadAsync(next), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_OneMoreThanTheLimit_IsClosedAndServedWhenAnotherLeaves()
    {
        using var socket = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;
        await using var endpoint = await StartAsync(socket, HttpVersionSpoken.Http2);
        var held = new List<Socket>();
        for (var i = 0; i < Http2Limit; i++)
            held.Add(await GreetAsync(socket.Port));
        Assert.All(await Task.WhenAll(held.Select(ReadAsync)), settings => Assert.NotEmpty(settings));

        using (var refused = await GreetAsync(socket.Port))
            Assert.Empty(await ReadAsync(refused));

        held.ForEach(each => each.Dispose());
        using var deadline = new CancellationTokenSource(Deadline);
        for (var settings = ""; settings.Length == 0; deadline.Token.ThrowIfCancellationRequested())
        {
            using var next = await GreetAsync(socket.Port);
            settings = await ReadAsync(next);
        }
    }

    private static async Task<HttpEndpoint> StartAsync(ListeningSocket socket, HttpVersionSpoken version)
    {
        var endpoint = new HttpEndpoint([new(socket, version, exchange => exchange.AnswerAsync(204, null, default))]);
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Sends the preface of HTTP/2 and empty settings, which the server answers with its own.</summary>
    private static async Task<Socket> GreetAsync(int port)
    {
        var socket = await ConnectAsync(port);
        await socket.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Returns what comes first, or nothing when the connection was closed.</summary>
    private static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[1000];
        try
        {
            return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline));
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
