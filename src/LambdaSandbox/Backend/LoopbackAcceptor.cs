using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>Accepts connections on a free loopback port and passes each to a callback until it is disposed. Then it waits for them to end.</summary>
/// <param name="serve">Owns the connection, and ends when the token is cancelled.</param>
internal sealed class LoopbackAcceptor(Func<Socket, CancellationToken, Task> serve) : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private Task _accepting = Task.CompletedTask;
    private int _connections;

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public void Start()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

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
                var connection = await _listener.AcceptAsync(_stopping.Token);
                Interlocked.Increment(ref _connections);
                open.RemoveAll(task => task.IsCompleted);
                open.Add(ServeAsync(connection));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using (connection)
        {
            try
            {
                await serve(connection, _stopping.Token);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // One of the two sides is gone.
            }
        }
    }
}
