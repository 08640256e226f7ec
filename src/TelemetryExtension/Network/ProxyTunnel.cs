using System.Globalization;
using System.Net;
using System.Text;

namespace TelemetryExtension.Network;

/// <summary>
/// Opens a tunnel through an HTTP proxy (CONNECT, RFC 9110 9.3.6). HttpClient does so for https, but it cannot send HTTP/2 without TLS through a
/// proxy, which gRPC to an http:// endpoint needs. Other gRPC clients always use a tunnel.
/// </summary>
internal static class ProxyTunnel
{
    private const int MaxHeadBytes = 8 * 1024;

    /// <param name="proxy">A connection to the proxy. It becomes the connection to the host.</param>
    /// <exception cref="HttpRequestException">The proxy refuses the tunnel.</exception>
    public static async Task OpenAsync(Stream proxy, string host, int port, NetworkCredential? credential, CancellationToken cancellationToken)
    {
        var authority = (host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host) + ":" + port.ToString(CultureInfo.InvariantCulture);
        var authorization = credential is null
            ? ""
            : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"))}\r\n";
        await proxy.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n"), cancellationToken).ConfigureAwait(false);
        var head = await ReadHeadAsync(proxy, cancellationToken).ConfigureAwait(false);
        if (head.Split([' ', '\r'], 3) is not [var version, { Length: 3 } status, ..] || !version.StartsWith("HTTP/1.", StringComparison.Ordinal))
            throw new HttpRequestException(HttpRequestError.ProxyTunnelError, "the proxy does not speak HTTP");
        if (status[0] != '2')
            throw new HttpRequestException(HttpRequestError.ProxyTunnelError, $"the proxy refused the tunnel with HTTP {status}");
    }

    /// <summary>Reads byte by byte, because the bytes after the head belong to the host behind the proxy.</summary>
    private static async Task<string> ReadHeadAsync(Stream proxy, CancellationToken cancellationToken)
    {
        var head = new byte[MaxHeadBytes];
        for (var length = 0; length < MaxHeadBytes; length++)
        {
            if (await proxy.ReadAsync(head.AsMemory(length, 1), cancellationToken).ConfigureAwait(false) == 0)
                throw new HttpRequestException(HttpRequestError.ProxyTunnelError, "the proxy closed the connection");
            if (head.AsSpan(0, length + 1).EndsWith("\r\n\r\n"u8))
                return Encoding.ASCII.GetString(head, 0, length);
        }

        throw new HttpRequestException(HttpRequestError.ProxyTunnelError, "the proxy's answer is too long");
    }
}
