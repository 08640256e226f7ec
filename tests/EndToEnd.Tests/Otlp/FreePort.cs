using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Otlp;

/// <summary>Loopback ports that nobody listens on: functions must be told where the receiver is before it listens.</summary>
internal static class FreePort
{
    public static string Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
