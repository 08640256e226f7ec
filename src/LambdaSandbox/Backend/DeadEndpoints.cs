using System.Net.Sockets;

namespace LambdaSandbox.Backend;

/// <summary>A port that refuses connections and is reserved meanwhile: bound, but not listening.</summary>
public sealed class RefusingEndpoint : IDisposable
{
    private readonly ReservedPort _port = new(0);

    public int Port => _port.Number;

    public string Url => $"http://127.0.0.1:{Port}";

    public void Dispose() => _port.Dispose();
}

/// <summary>Accepts connections and all bytes, and never answers, not even a TLS handshake.</summary>
public sealed class HangingEndpoint : IAsyncDisposable
{
    private readonly LoopbackAcceptor _acceptor;
    private long _bytes;

    public HangingEndpoint()
    {
        _acceptor = new(SwallowAsync);
        _acceptor.Start();
    }

    public int Port => _acceptor.Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <inheritdoc cref="LoopbackAcceptor.Connections"/>
    public int Connections => _acceptor.Connections;

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytes);

    public ValueTask DisposeAsync() => _acceptor.DisposeAsync();

    private async Task SwallowAsync(Socket connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await connection.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
            Interlocked.Add(ref _bytes, count);
    }
}
