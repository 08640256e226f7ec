using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.Http;

internal enum HttpVersionSpoken : byte
{
    /// <summary>HTTP/1.1 (and 1.0).</summary>
    Http1,

    /// <summary>HTTP/2 in clear text with prior knowledge, as gRPC uses it.</summary>
    Http2,
}

/// <summary>A listening socket with its HTTP version and handler.</summary>
internal readonly record struct HttpListen(ListeningSocket Socket, HttpVersionSpoken Version, HttpHandler Handler);

/// <summary>
/// Serves the function's OTLP on sockets that already listen. The only place that creates Kestrel. It does so by hand, because a host and a container cost
/// more at start than the rest of the extension (docs/decisions/0001). Many functions have no SDK, so it starts with the first connection.
/// </summary>
internal sealed class HttpEndpoint : IAsyncDisposable
{
    /// <summary>
    /// The connections of each of up to three endpoints. Without a free file descriptor the server's accept would fail in a loop and senders would hang, so
    /// 64 stay free for everything else. 0 means that there is no room for an endpoint.
    /// </summary>
    public static readonly int MaxConnections = Math.Clamp((DescriptorLimit.Read() - 64) / 3, 0, 256);

    /// <summary>Unread bytes that the server holds for one connection before it stops reading.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    /// <summary>Fewer, because each takes 28 KiB, more than twice as much as with HTTP/1.1, and carries 64 requests at once. An SDK opens one to three.</summary>
    private static readonly int MaxHttp2Connections = Math.Min(MaxConnections, 64);

    private readonly KestrelServer _server;
    private readonly AcceptLimit _accepted;

    public HttpEndpoint(IReadOnlyList<HttpListen> listens)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        SetLimits(options.Limits);
        var transport = new SocketTransportOptions
        {
            Backlog = ListeningSocket.Backlog,
            IOQueueCount = 1,
            MaxReadBufferSize = ReadBufferBytes,
            CreateBoundListenSocket = endPoint => SocketFor(endPoint, listens),
        };
        _accepted = new AcceptLimit(new SocketTransportFactory(Options.Create(transport), NullLoggerFactory.Instance), TimeProvider.System);
        foreach (var listen in listens)
        {
            var isHttp2 = listen.Version is HttpVersionSpoken.Http2;
            var open = new ConnectionLimit(isHttp2 ? MaxHttp2Connections : MaxConnections);
            options.Listen(listen.Socket.EndPoint, kestrel =>
            {
                kestrel.Protocols = isHttp2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
                kestrel.Use(next => connection =>
                {
                    _accepted.Begin();
                    connection.Features.Set(listen.Handler);
                    if (!isHttp2)
                        AnswerHalfClosed(connection);
                    return open.RunAsync(connection, next);
                });
            });
        }

        _server = new(Options.Create(options), _accepted, NullLoggerFactory.Instance);
    }

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(new HttpApplication(), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _server.Dispose();
        _accepted.Dispose();
    }

    /// <summary>
    /// A sender that closes its side after the request still expects the answer, but the server would treat that as the end of the connection. A connection
    /// that is really gone fails at the next read or write.
    /// </summary>
    private static void AnswerHalfClosed(ConnectionContext connection)
    {
        connection.ConnectionClosed = CancellationToken.None;
        connection.Transport = new Duplex(new HalfClosedInput(connection.Transport.Input), connection.Transport.Output);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static void SetLimits(KestrelServerLimits limits)
    {
        // Kestrel's own limit would close connections before AcceptLimit hears of them.
        limits.MaxConcurrentConnections = null;
        limits.MaxRequestBufferSize = ReadBufferBytes;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        // Handlers limit what they read. The server drains the rest, so that a sender gets the answer and not a reset.
        limits.MaxRequestBodySize = null;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        // Time passes while the environment is frozen. A shorter limit would close the sender's pooled connections just when it thaws and sends.
        limits.KeepAliveTimeout = TimeSpan.FromHours(1);
        limits.Http2.MaxStreamsPerConnection = 64;
        limits.Http2.InitialConnectionWindowSize = 1024 * 1024;
        limits.Http2.InitialStreamWindowSize = 256 * 1024;
    }

    private static System.Net.Sockets.Socket SocketFor(EndPoint endPoint, IReadOnlyList<HttpListen> listens)
    {
        foreach (var listen in listens)
            if (listen.Socket.EndPoint.Equals(endPoint))
                return listen.Socket.Socket;
        return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
    }
}
