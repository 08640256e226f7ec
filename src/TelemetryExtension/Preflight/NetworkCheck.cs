using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Preflight;

/// <summary>The way to one endpoint, step by step: addresses, a TCP connection to each, the proxy's tunnel, TLS with the server's chain.</summary>
internal static class NetworkCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>The steps up to the first that failed.</returns>
    public static async Task<IReadOnlyList<CheckStep>> RunAsync(OtlpEndpoint endpoint, Func<string, string?> variable, TimeProvider time, CancellationToken cancellationToken)
    {
        var steps = new List<CheckStep>();
        var proxy = EnvironmentProxy.For(endpoint.Url, variable)?.Address;
        var (host, port) = proxy is null ? (endpoint.Url.DnsSafeHost, endpoint.Url.Port) : (proxy.DnsSafeHost, proxy.Port);
        IPAddress[] addresses = [];
        if (!await StepAsync("dns", async token =>
            {
                addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, token).ConfigureAwait(false);
                return $"{host} has {string.Join(", ", (IEnumerable<IPAddress>)addresses)}";
            }).ConfigureAwait(false))
            return steps;
        Socket? socket = null;
        foreach (var address in addresses)
            await StepAsync("tcp", async token =>
            {
                var attempt = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await attempt.ConnectAsync(new IPEndPoint(address, port), token).ConfigureAwait(false);
                if (socket is null)
                    socket = attempt;
                else
                    attempt.Dispose();
                return $"{address}:{port.ToString(CultureInfo.InvariantCulture)}";
            }).ConfigureAwait(false);
        if (socket is null)
            return steps;
        // One address that works is enough, as the extension tries them all.
        for (var i = 0; i < steps.Count; i++)
            steps[i] = steps[i].Works ? steps[i] : steps[i] with { Works = true, Detail = steps[i].Detail + " (another address works)" };
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            if (proxy is not null)
                steps.Add(new("proxy", true, $"through {proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}", TimeSpan.Zero));
            // Through a proxy the export itself shows whether TLS works.
            if (endpoint.Url.Scheme == Uri.UriSchemeHttps && proxy is null)
                await StepAsync("tls", token => HandshakeAsync(stream, endpoint, token)).ConfigureAwait(false);
        }

        return steps;

        async Task<bool> StepAsync(string name, Func<CancellationToken, Task<string>> step)
        {
            var started = time.GetTimestamp();
            using var patience = new AttemptTimeout(Patience, time, cancellationToken);
            try
            {
                var detail = await step(patience.Token).ConfigureAwait(false);
                steps.Add(new(name, true, detail, time.GetElapsedTime(started)));
                return true;
            }
            catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException or OperationCanceledException or PemException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                steps.Add(new(name, false, patience.IsExpired ? "no answer in time" : Reason.Of(exception), time.GetElapsedTime(started)));
                return false;
            }
        }
    }

    private static async Task<string> HandshakeAsync(Stream stream, OtlpEndpoint endpoint, CancellationToken cancellationToken)
    {
        using var handler = OutboundHandler.Create(endpoint.Url, endpoint.Tls, 1, new([], TimeProvider.System));
        var options = handler.SslOptions;
        var chain = new List<string>();
        var validate = options.RemoteCertificateValidationCallback!;
        options.RemoteCertificateValidationCallback = (sender, certificate, sent, errors) =>
        {
            if (certificate is not null)
                chain.Add($"{certificate.Subject} until {certificate.GetExpirationDateString()}");
            chain.AddRange((sent?.ChainPolicy.ExtraStore ?? []).Select(static each => each.Subject));
            return validate(sender, certificate, sent, errors);
        };
        options.TargetHost = endpoint.Url.IdnHost;
        options.ApplicationProtocols = endpoint.Protocol == OtlpProtocol.Grpc ? [SslApplicationProtocol.Http2] : [SslApplicationProtocol.Http11];
        var secure = new SslStream(stream, leaveInnerStreamOpen: true);
        await using (secure.ConfigureAwait(false))
        {
            try
            {
                await secure.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
                return $"{secure.SslProtocol}, {string.Join("; ", chain.Distinct())}";
            }
            catch (AuthenticationException) when (chain.Count > 0)
            {
                throw new AuthenticationException($"not trusted: {string.Join("; ", chain.Distinct())}");
            }
        }
    }
}
