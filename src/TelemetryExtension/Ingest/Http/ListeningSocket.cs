using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// A TCP socket that is bound and listening before any server exists: from here on the kernel takes connections and holds
/// them in its backlog, so subscribing may follow at once and <see cref="HttpEndpoint"/> may start later.
/// </summary>
internal sealed class ListeningSocket : IDisposable
{
    /// <summary>The kernel cuts it to net.core.somaxconn.</summary>
    public const int Backlog = 1024;

    private ListeningSocket(Socket socket) => Socket = socket;

    /// <summary>Belongs to the server once it has started: closed with it.</summary>
    public Socket Socket { get; }

    public IPEndPoint EndPoint => (IPEndPoint)Socket.LocalEndPoint!;

    public int Port => EndPoint.Port;

    /// <summary>Binds and listens; null with <paramref name="problem"/> when the address is taken or cannot be had. Port 0 takes a free one.</summary>
    public static ListeningSocket? TryBind(IPAddress address, int port, out SocketError problem)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            problem = SocketError.Success;
            return new(socket);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            problem = e.SocketErrorCode;
            return null;
        }
    }

    public void Dispose() => Socket.Dispose();
}
