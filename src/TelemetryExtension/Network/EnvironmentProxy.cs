using System.Net;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Network;

/// <summary>
/// The proxy that the environment variables name for a URL. As in curl, the lower-case variable wins over the upper-case one, HTTPS_PROXY and
/// HTTP_PROXY win over ALL_PROXY, and empty means unset. Hosts in NO_PROXY and loopback are reached directly. .NET's own implementation lacks domains
/// without a leading dot, blocks of addresses and ports in NO_PROXY.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private const int SocksPort = 1080;
    private readonly Uri _proxy;

    private EnvironmentProxy(Uri proxy, ICredentials? credentials) => (_proxy, Credentials) = (proxy, credentials);

    public ICredentials? Credentials { get; set; }

    public Uri Address => _proxy;

    /// <summary>Null when the URL is reached directly. An invalid proxy is logged once, by the variable's name, and not used.</summary>
    public static EnvironmentProxy? For(Uri url, Func<string, string?> variable)
    {
        if (url.IsLoopback || new NoProxyList(Value("NO_PROXY").Text).Matches(url))
            return null;
        var (name, text) = Value(url.Scheme == Uri.UriSchemeHttps ? "HTTPS_PROXY" : "HTTP_PROXY");
        if (text is null)
            (name, text) = Value("ALL_PROXY");
        if (text is null)
            return null;
        if (TryParse(text) is { } proxy)
            return proxy;
        Log.WarnOnce(name, $"{name} is not a URL of an http, https, socks4 or socks5 proxy: {url.Host} is reached directly");
        return null;

        (string Name, string? Text) Value(string upper)
        {
            var lower = upper.ToLowerInvariant();
            return variable(lower)?.Trim() is { Length: > 0 } value ? (lower, value) : (upper, variable(upper)?.Trim() is { Length: > 0 } other ? other : null);
        }
    }

    public Uri GetProxy(Uri destination) => _proxy;

    public bool IsBypassed(Uri host) => false;

    /// <summary>
    /// "host:port" is an http proxy. A password may contain characters that a URL must not, so everything up to the last @ is user and password.
    /// </summary>
    private static EnvironmentProxy? TryParse(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = start < 0 ? "http" : text[..start].ToLowerInvariant();
        var rest = start < 0 ? text : text[(start + 3)..];
        var at = rest.LastIndexOf('@');
        var socks = scheme is "socks4" or "socks4a" or "socks5" or "socks5h";
        if ((!socks && scheme is not ("http" or "https")) || !Uri.TryCreate("socks5://" + rest[(at + 1)..], UriKind.Absolute, out var url) || url.Host.Length == 0)
            return null;
        // The scheme has no default port, so -1 means that the URL gives none.
        var port = url.Port >= 0 ? url.Port : socks ? SocksPort : scheme == "https" ? 443 : 80;
        var address = new UriBuilder(scheme == "socks5h" ? "socks5" : scheme, url.IdnHost, port).Uri;
        return new(address, at < 0 ? null : Credential(rest[..at]));
    }

    private static NetworkCredential Credential(string userInfo)
    {
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        return new(Uri.UnescapeDataString(colon < 0 ? userInfo : userInfo[..colon]), colon < 0 ? "" : Uri.UnescapeDataString(userInfo[(colon + 1)..]));
    }
}
