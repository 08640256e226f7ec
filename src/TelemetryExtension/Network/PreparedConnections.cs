using System.Net.Sockets;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network;

/// <summary>A connection that is ready for a first request, and the socket below it.</summary>
internal readonly record struct PreparedConnection(Stream Stream, Socket Socket);

/// <summary>
/// Connections of one destination that were opened before the first request needs them. They are for that request only: once there was an answer, the
/// handler keeps its own connections. Thread-safe.
/// </summary>
/// <param name="open">Opens one, like the handler itself would.</param>
internal sealed class PreparedConnections(Func<CancellationToken, PreparedConnection?> open, TimeProvider time) : IDisposable
{
    /// <summary>
    /// Servers close a connection without a request, some after 10 s. By the wall clock, because a freeze counts. The absolute value, because the clock
    /// may be set back.
    /// </summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(8);

    /// <summary>For opening all of them, so that a dead backend ends the warm-up.</summary>
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

    /// <summary>Opens connections until there are as many. Gives up at the first that fails: the first request will say why. Blocks, never throws.</summary>
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
            // Nobody waits for this connection. The first request tries again and reports what is wrong.
            Log.Debug($"no connection was prepared: {Reason.Of(e)}");
        }
    }

    /// <summary>Null when none is left that can be used.</summary>
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

    /// <summary>Closes those that nobody took, and takes no others.</summary>
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

    /// <summary>The peer has not ended it. TLS sends session tickets of its own accord, anything else before a request is no answer to it.</summary>
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
