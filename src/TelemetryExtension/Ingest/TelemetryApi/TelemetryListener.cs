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
        Socket accepted;
        try
        {
            accepted = Socket.Accept();
        }
        catch (SocketException)
        {
            // The peer is gone already, or there is no descriptor left. The listener stays readable then: without a pause the loop would not rest.
            _isPaused = true;
            return;
        }

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

    public void OnTick() => _isPaused = false;

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
