using System.Net.Sockets;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>Accepts connections for the Telemetry API. The platform has one. A limit keeps anybody else who finds the port from taking all descriptors.</summary>
internal sealed class TelemetryListener(ListeningSocket listening, TelemetryEndpoint endpoint, PollLoop loop, int maxConnections) : IWatched
{
    private readonly List<TelemetryConnection> _connections = [];
    private bool _isPaused;

    public Socket Socket => listening.Socket;

    public bool IsWaiting => !_isPaused;

    public bool IsTimed => _isPaused;

    public void OnReadable()
    {
        Socket? accepted = null;
        try
        {
            accepted = Socket.Accept();
            Add(accepted);
        }
        catch (Exception e) when (e is SocketException or OutOfMemoryException)
        {
            // The peer is gone already, or no descriptor or memory is left. The listener may stay readable: without a pause the loop would not rest.
            accepted?.Dispose();
            _isPaused = true;
        }
    }

    public void OnTick() => _isPaused = false;

    private void Add(Socket accepted)
    {
        if (_connections.Count >= maxConnections && !TryCloseIdle())
        {
            accepted.Dispose();
            return;
        }

        accepted.Blocking = false;
        accepted.NoDelay = true;
        var connection = new TelemetryConnection(accepted, endpoint, loop.Post, Closed);
        _connections.Add(connection);
        loop.Watch(connection);
    }

    /// <summary>The one that was opened first: a new connection is more likely to be used.</summary>
    private bool TryCloseIdle()
    {
        var idle = _connections.Find(static connection => connection.IsIdle);
        idle?.Close();
        return idle is not null;
    }

    private void Closed(TelemetryConnection connection)
    {
        _connections.Remove(connection);
        loop.Forget(connection);
    }
}
