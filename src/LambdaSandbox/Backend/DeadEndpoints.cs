using System.Net;
using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>A port that refuses connections, and that nobody else can take meanwhile: bound, but not listening.</summary>
public sealed class RefusingEndpoint : IDisposable
{
    private readonly ReservedPort _port = new(0);

    public int Port => _port.Number;

    public string Url => $"http://127.0.0.1:{Port}";

    public void Dispose() => _port.Dispose();
}

/// <summary>Accepts connections and everything sent to it, and never says a word: no answer, no TLS handshake.</summary>
public sealed class HangingEndpoint : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _connections;
    private long _bytes;

    public HangingEndpoint()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>Accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Swallowed so far.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytes);

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
                open.Add(SwallowAsync(connection));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task SwallowAsync(Socket connection)
    {
        using (connection)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                while (await connection.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
                    Interlocked.Add(ref _bytes, count);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // Gone, on either side.
            }
        }
    }
}
