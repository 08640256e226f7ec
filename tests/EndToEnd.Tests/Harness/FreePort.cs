using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Harness;

/// <summary>A port without a listener, for tests that must know it in advance. Most tests let the extension choose.</summary>
internal static class FreePort
{
    public static string Find()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
