using System.Net;

namespace TelemetryExtension.Configuration;

/// <summary>Recognises names of this machine without a DNS query.</summary>
internal static class OwnHost
{
    private static readonly string[] Names = ["localhost", "ip6-localhost", "ip6-loopback", "sandbox.localdomain"];

    /// <summary>.localhost means this machine (RFC 6761).</summary>
    public static bool Is(Uri url)
    {
        var host = url.DnsSafeHost;
        if (IPAddress.TryParse(host, out var address))
            return IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        host = host.TrimEnd('.');
        return Names.Contains(host, StringComparer.OrdinalIgnoreCase)
            || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase);
    }
}
