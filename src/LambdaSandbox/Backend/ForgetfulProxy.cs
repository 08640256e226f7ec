using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>
/// A TCP connection's way to a backend, as a NAT gateway or a load balancer is: one that can lose all it knows of the connections through it, and
/// tells neither side.
/// </summary>
public sealed class ForgetfulProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly EndPoint _backend;
    private readonly Task _accepting;
    private int _connections;
    private int _generation;

    /// <param name="backendUrl">Whose host is an address.</param>
    public ForgetfulProxy(string backendUrl)
    {
        var url = new Uri(backendUrl);
        _backend = new IPEndPoint(IPAddress.Parse(url.Host), url.Port);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Url = $"{url.Scheme}://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";
        _accepting = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>Accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>From now on nothing passes on the connections that are open, in neither direction; they stay open. New ones work.</summary>
    public void Forget() => Interlocked.Increment(ref _generation);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_stopping.Token);
                Interlocked.Increment(ref _connections);
                open.RemoveAll(task => task.IsCompleted);
                open.Add(ForwardAsync(client, Volatile.Read(ref _generation)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ForwardAsync(Socket client, int generation)
    {
        using (client)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await server.ConnectAsync(_backend, _stopping.Token);
                client.NoDelay = server.NoDelay = true;
                await Task.WhenAll(PumpAsync(client, server, generation), PumpAsync(server, client, generation));
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // Gone, on either side.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, int generation)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
                if (generation == Volatile.Read(ref _generation))
                    for (var sent = 0; sent < count;)
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
            if (generation == Volatile.Read(ref _generation))
                to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException) when (generation == Volatile.Read(ref _generation))
        {
            // What ends one way ends the other.
            to.Close(timeout: 0);
        }
    }
}
