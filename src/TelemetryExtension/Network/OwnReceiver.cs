using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Network;

/// <summary>
/// Refuses connections to our own listeners. They answer 200 to everything, so telemetry sent there would count as exported, or go in circles.
/// The validation of settings refuses names of this machine; here is what only the connection shows.
/// </summary>
internal static class OwnReceiver
{
    /// <summary>Connects as the handler itself does, but not to a port of ours on this machine.</summary>
    /// <exception cref="IOException">The name led to this machine.</exception>
    public static async ValueTask<Stream> ConnectElsewhereAsync(DnsEndPoint endPoint, IReadOnlyList<int> ownPorts, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            var remote = (IPEndPoint)socket.RemoteEndPoint!;
            var isThisMachine = IPAddress.IsLoopback(remote.Address) || remote.Address.Equals(((IPEndPoint)socket.LocalEndPoint!).Address);
            if (isThisMachine && ownPorts.Contains(remote.Port))
                throw new IOException($"{endPoint.Host}:{endPoint.Port} is this extension itself, telemetry would go in circles: set another endpoint");
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
