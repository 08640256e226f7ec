using System.Net.Sockets;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Notices the first connection to a listening socket, and leaves it in the backlog for a server that is yet to be started.</summary>
/// <param name="came">Called on the loop's thread. It makes the loop forget this.</param>
internal sealed class FirstConnection(ListeningSocket listening, Action came) : IWatched
{
    public Socket Socket => listening.Socket;

    public bool IsWaiting => true;

    public bool IsTimed => false;

    public void OnReadable() => came();

    public void OnTick()
    {
    }
}
