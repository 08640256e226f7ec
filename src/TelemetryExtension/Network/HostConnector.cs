using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Network;

/// <summary>
/// Opens the TCP connections of one destination, to the backend or to its proxy. It tries all addresses of the host and remembers the one that works.
/// It never connects to a port of this process: our own listeners answer 200 to every request, so telemetry would loop.
/// </summary>
/// <param name="ownPorts">The ports on which this process listens. Only DNS shows whether a name leads there.</param>
/// <param name="resolveAsync">Replaces the system's DNS.</param>
internal sealed class HostConnector(IReadOnlyList<int> ownPorts, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolveAsync = null)
{
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolveAsync = resolveAsync ?? Dns.GetHostAddressesAsync;
    private readonly AddressMemory _memory = new();

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="IOException">The host is this process, and no other address of it answers.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var addresses = _memory.Order(await ResolveAsync(endPoint.Host, cancellationToken).ConfigureAwait(false));
        var isOwn = false;
        try
        {
            var (address, socket) = await AddressRace.RunAsync(addresses, AttemptAsync, _memory.Failed, time, cancellationToken).ConfigureAwait(false);
            _memory.Worked(address);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception) when (Volatile.Read(ref isOwn) && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{endPoint.Host}:{endPoint.Port} is this extension itself, telemetry would go in circles: set another endpoint");
        }

        async Task<Socket> AttemptAsync(IPAddress address, CancellationToken token)
        {
            Socket? socket = null;
            if (address.IsIPv4MappedToIPv6)
                address = address.MapToIPv4();
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(new IPEndPoint(address, endPoint.Port), token).ConfigureAwait(false);
                if (!ownPorts.Contains(endPoint.Port) || !IsThisMachine(address, socket))
                    return socket;
                Volatile.Write(ref isOwn, true);
                throw new SocketException((int)SocketError.ConnectionRefused);
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
        }
    }

    /// <summary>
    /// Call it when a connection gave no response or failed in the handshake. The next connection then starts with another address, if there is one.
    /// </summary>
    public void Distrust() => _memory.WorkingFailed();

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var literal) ? [literal] : await _resolveAsync(host, cancellationToken).ConfigureAwait(false);

    /// <summary>Checks the connection itself: the name of another host may lead here, and so may the address of a network interface.</summary>
    private static bool IsThisMachine(IPAddress address, Socket connected) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || (connected.LocalEndPoint is IPEndPoint local && address.Equals(local.Address));
}
