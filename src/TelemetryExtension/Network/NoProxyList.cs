using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TelemetryExtension.Network;

/// <summary>
/// Parses NO_PROXY, the hosts that are reached without a proxy, like curl and Go (golang.org/x/net/http/httpproxy). Entries are separated by commas
/// or blanks: <c>*</c>, a domain with all its subdomains (with or without a leading dot), <c>*.domain</c> for the subdomains only, an address, or a
/// block of addresses (CIDR). Domains and addresses may have a port. Names are not resolved: a block matches only addresses in the URL.
/// </summary>
internal sealed class NoProxyList(string? text)
{
    private readonly string[] _entries = (text ?? "").Split([',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    public bool Matches(Uri url)
    {
        var host = Ascii(url.DnsSafeHost);
        var address = TryAddress(host);
        foreach (var entry in _entries)
            if (entry == "*" || (address is null ? MatchesName(entry, host, url.Port) : MatchesAddress(entry, address, url.Port)))
                return true;
        return false;
    }

    private static bool MatchesName(string entry, string host, int port)
    {
        var (name, entryPort) = SplitPort(entry);
        if (entryPort is { } only && only != port)
            return false;
        var subdomainsOnly = name.StartsWith("*.", StringComparison.Ordinal);
        name = Ascii(name[(subdomainsOnly ? 1 : 0)..]).TrimStart('.');
        if (name.Length == 0)
            return false;
        return host.EndsWith("." + name, StringComparison.Ordinal) || (!subdomainsOnly && host == name);
    }

    private static bool MatchesAddress(string entry, IPAddress address, int port)
    {
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
            return TryAddress(entry[..slash].Trim('[', ']')) is { } network
                && int.TryParse(entry.AsSpan(slash + 1).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && IsIn(network, bits, address);
        if (TryAddress(entry) is { } whole)
            return whole.Equals(address);
        var (host, entryPort) = SplitPort(entry);
        return (entryPort is null || entryPort == port) && TryAddress(host.Trim('[', ']')) is { } one && one.Equals(address);
    }

    /// <summary>Ignores the network's host bits: 10.1.2.3/8 is 10.0.0.0/8.</summary>
    private static bool IsIn(IPAddress network, int bits, IPAddress address)
    {
        if (network.AddressFamily != address.AddressFamily)
            return false;
        var (left, right) = (network.GetAddressBytes(), address.GetAddressBytes());
        if (bits > left.Length * 8)
            return false;
        for (var i = 0; i < bits; i++)
            if (((left[i / 8] ^ right[i / 8]) & (0x80 >> (i % 8))) != 0)
                return false;
        return true;
    }

    /// <summary>Null for a name. An IPv4 address in IPv6 form is compared as IPv4, and a zone is ignored.</summary>
    private static IPAddress? TryAddress(string text)
    {
        // The parser would also accept "10" or "0x7f.1".
        var isV4 = text.Count(static c => c == '.') == 3 && text.All(static c => c == '.' || char.IsAsciiDigit(c));
        if ((!isV4 && !text.Contains(':', StringComparison.Ordinal)) || text.StartsWith('[') || !IPAddress.TryParse(text, out var address))
            return null;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new(address.GetAddressBytes()) : address;
    }

    /// <summary>"host:port", "[v6]:port" or only a host.</summary>
    private static (string Host, int? Port) SplitPort(string entry)
    {
        var colon = entry.LastIndexOf(':');
        return colon > entry.LastIndexOf(']') && int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (entry[..colon], port)
            : (entry, null);
    }

    /// <summary>Lower case, international names in ASCII form, without the final dot of a fully qualified name.</summary>
    private static string Ascii(string host)
    {
        host = host.TrimEnd('.');
        try
        {
            if (!System.Text.Ascii.IsValid(host))
                host = new IdnMapping { AllowUnassigned = true }.GetAscii(host);
        }
        catch (ArgumentException)
        {
            // Not a valid name. Compare it unchanged.
        }

        return host.ToLowerInvariant();
    }
}
