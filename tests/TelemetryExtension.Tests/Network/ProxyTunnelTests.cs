using System.Net;
using System.Net.Sockets;
using System.Text;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class ProxyTunnelTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _client = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _proxy;

    public ProxyTunnelTests()
    {
        _listener.Start();
        _client.Connect(_listener.LocalEndpoint);
        _proxy = _listener.AcceptSocket();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _proxy.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData("backend.test", null, "CONNECT backend.test:4317 HTTP/1.1\r\nHost: backend.test:4317\r\n\r\n")]
    [InlineData("2001:db8::1", null, "CONNECT [2001:db8::1]:4317 HTTP/1.1\r\nHost: [2001:db8::1]:4317\r\n\r\n")]
    [InlineData("backend.test", "ü:p", "CONNECT backend.test:4317 HTTP/1.1\r\nHost: backend.test:4317\r\nProxy-Authorization: Basic w7w6cA==\r\n\r\n")]
    public async Task Open_Accepted_WhatFollowsIsTheHosts(string host, string? credential, string expected)
    {
        _proxy.Send("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nhello"u8);
        await using var stream = new NetworkStream(_client);
        await ProxyTunnel.OpenAsync(stream, host, 4317, credential?.Split(':') is [var user, var password] ? new(user, password) : null, Token);

        var sent = new byte[1000];
        Assert.Equal(expected, Encoding.ASCII.GetString(sent, 0, _proxy.Receive(sent)));
        var rest = new byte[5];
        await stream.ReadExactlyAsync(rest, Token);
        Assert.Equal("hello"u8, rest);
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy refused the tunnel with HTTP 407")]
    [InlineData("HTTP/1.0 503 No\r\n\r\n", "the proxy refused the tunnel with HTTP 503")]
    [InlineData("HTTP/1.1 3\r\n\r\n", "the proxy does not speak HTTP")]
    [InlineData("SSH-2.0-OpenSSH_9.6 x\r\n\r\n", "the proxy does not speak HTTP")]
    [InlineData("\r\n\r\n", "the proxy does not speak HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\n", "the proxy closed the connection")]
    [InlineData("", "the proxy closed the connection")]
    public async Task Open_AnythingElse_SaysWhy(string answer, string expected)
    {
        _proxy.Send(Encoding.ASCII.GetBytes(answer));
        _proxy.Shutdown(SocketShutdown.Send);
        await using var stream = new NetworkStream(_client);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => ProxyTunnel.OpenAsync(stream, "backend.test", 4317, null, Token));
        Assert.Equal((HttpRequestError.ProxyTunnelError, expected), (failure.HttpRequestError, failure.Message));
    }

    [Fact]
    public async Task Open_EndlessHead_IsCutOff()
    {
        _proxy.Send(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nX: " + new string('x', 10_000)));
        await using var stream = new NetworkStream(_client);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => ProxyTunnel.OpenAsync(stream, "backend.test", 4317, null, Token));
        Assert.Equal("the proxy's answer is too long", failure.Message);
    }
}
