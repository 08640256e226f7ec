using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Network;

/// <summary>
/// Recognises this machine as a destination. Our own listeners answer 200 to whatever comes, so telemetry sent there would count as exported,
/// or go in circles. What the name alone does not tell, the connection does.
/// </summary>
internal static class OwnReceiver
{
    private static readonly string[] Names = ["localhost", "ip6-localhost", "ip6-loopback", "sandbox.localdomain"];

    /// <summary>By the name alone: nothing is looked up. .localhost belongs to this machine (RFC 6761).</summary>
    public static bool IsOwnHost(Uri url)
    {
        var host = url.DnsSafeHost;
        if (IPAddress.TryParse(host, out var address))
            return IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        host = host.TrimEnd('.');
        return Names.Contains(host, StringComparer.OrdinalIgnoreCase)
            || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase);
    }

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
