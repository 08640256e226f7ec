using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Harness;

/// <summary>A port for those who must know it beforehand; most let the extension choose.</summary>
internal static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
