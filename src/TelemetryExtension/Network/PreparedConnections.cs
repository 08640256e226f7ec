using System.Net.Sockets;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network;

/// <summary>A connection that is ready for a first request, and the socket below it.</summary>
internal readonly record struct PreparedConnection(Stream Stream, Socket Socket);

/// <summary>
/// Connections of one destination that are opened before the first requests need them. Only those requests use them: after an answer the handler keeps
/// its own connections. Thread-safe.
/// </summary>
/// <param name="open">Opens a connection as the handler itself would, or returns null.</param>
internal sealed class PreparedConnections(Func<CancellationToken, PreparedConnection?> open, TimeProvider time) : IDisposable
{
    /// <summary>
    /// Servers close a connection that gets no request, some of them after 10 s. The wall clock measures the age, because a freeze counts. The absolute
    /// value is compared, because the clock may be set back.
    /// </summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(8);

    /// <summary>The limit for opening all connections together, so that a dead backend does not hold up the rest of the warm-up.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<(PreparedConnection Connection, DateTimeOffset Opened)> _ready = [];
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_gate)
                return _ready.Count;
        }
    }

    /// <summary>
    /// Opens connections until there are <paramref name="count"/>. Stops at the first failure, because the first request reports the cause. Blocks, never
    /// throws.
    /// </summary>
    public void Prepare(int count, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(Limit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
        try
        {
            while (Count < count && !end.IsCancellationRequested && open(end.Token) is { } connection)
                Add(connection);
        }
        catch (Exception e)
        {
            // Nobody waits for this connection. The first request tries again and reports the cause.
            Log.Debug($"no connection was prepared: {Reason.Of(e)}");
        }
    }

    /// <summary>Takes a connection out. Null when no usable one is left.</summary>
    public Stream? Take()
    {
        lock (_gate)
        {
            while (_ready.TryDequeue(out var next))
            {
                if ((time.GetUtcNow() - next.Opened).Duration() <= MaxAge && IsQuiet(next.Connection))
                    return next.Connection.Stream;
                next.Connection.Stream.Dispose();
            }

            return null;
        }
    }

    /// <summary>Closes the connections that nobody took. Later ones are closed at once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            while (_ready.TryDequeue(out var next))
                next.Connection.Stream.Dispose();
        }
    }

    private void Add(PreparedConnection connection)
    {
        lock (_gate)
        {
            if (_isClosed)
                connection.Stream.Dispose();
            else
                _ready.Enqueue((connection, time.GetUtcNow()));
        }
    }

    /// <summary>
    /// Whether the peer has neither closed it nor sent anything. Session tickets of TLS are allowed. Without TLS, bytes before a request are no answer to it.
    /// </summary>
    private static bool IsQuiet(PreparedConnection connection)
    {
        try
        {
            return !connection.Socket.Poll(0, SelectMode.SelectRead)
                || (connection.Stream is not NetworkStream && connection.Socket.Available > 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
