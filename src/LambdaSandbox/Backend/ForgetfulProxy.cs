using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>
/// A TCP proxy in front of a backend that behaves like a NAT gateway or load balancer: it can lose its state about open connections without telling either
/// side.
/// </summary>
public sealed class ForgetfulProxy : IAsyncDisposable
{
    private readonly LoopbackAcceptor _acceptor;
    private readonly EndPoint _backend;
    private int _generation;

    /// <param name="backendUrl">The backend's URL, whose host is an IP address.</param>
    public ForgetfulProxy(string backendUrl)
    {
        var url = new Uri(backendUrl);
        _backend = new IPEndPoint(IPAddress.Parse(url.Host), url.Port);
        _acceptor = new(ForwardAsync);
        _acceptor.Start();
        Url = $"{url.Scheme}://127.0.0.1:{_acceptor.Port}";
    }

    public string Url { get; }

    /// <inheritdoc cref="LoopbackAcceptor.Connections"/>
    public int Connections => _acceptor.Connections;

    /// <summary>Stops forwarding on all open connections, in both directions. They stay open. New connections work.</summary>
    public void Forget() => Interlocked.Increment(ref _generation);

    public ValueTask DisposeAsync() => _acceptor.DisposeAsync();

    private async Task ForwardAsync(Socket client, CancellationToken cancellationToken)
    {
        var generation = Volatile.Read(ref _generation);
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await server.ConnectAsync(_backend, cancellationToken);
        client.NoDelay = server.NoDelay = true;
        await Task.WhenAll(PumpAsync(client, server, generation, cancellationToken), PumpAsync(server, client, generation, cancellationToken));
    }

    private async Task PumpAsync(Socket from, Socket to, int generation, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
                if (generation == Volatile.Read(ref _generation))
                    for (var sent = 0; sent < count;)
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken);
            if (generation == Volatile.Read(ref _generation))
                to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException) when (generation == Volatile.Read(ref _generation))
        {
            // The end of one direction ends the other.
            to.Close(timeout: 0);
        }
    }
}
