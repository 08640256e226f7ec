using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// A TCP socket that is bound and listens before any server exists. The kernel accepts connections into its backlog, so the subscription may follow at once
/// and <see cref="HttpEndpoint"/> may start later.
/// </summary>
internal sealed class ListeningSocket : IDisposable
{
    /// <summary>The requested backlog, which the kernel limits to net.core.somaxconn.</summary>
    public const int Backlog = 1024;

    private ListeningSocket(Socket socket) => Socket = socket;

    /// <summary>The socket. Once the server has started, it owns the socket and closes it.</summary>
    public Socket Socket { get; }

    public IPEndPoint EndPoint => (IPEndPoint)Socket.LocalEndPoint!;

    public int Port => EndPoint.Port;

    /// <summary>Binds and listens. Returns null with <paramref name="problem"/> when the address is taken or unavailable. Port 0 chooses a free port.</summary>
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
