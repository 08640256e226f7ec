using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace LambdaSandbox.Backend;

/// <summary>Options of an <see cref="OtlpBackend"/>, which always listens on 127.0.0.1.</summary>
public sealed record OtlpBackendOptions
{
    /// <summary>0: any free port.</summary>
    public int HttpPort { get; init; }

    /// <summary>0: any free port.</summary>
    public int GrpcPort { get; init; }

    /// <summary>When set, both ports use TLS with this certificate. It must have its private key.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Intermediate certificates to send with <see cref="Certificate"/>. Null sends none.</summary>
    public X509Certificate2Collection? CertificateChain { get; init; }

    /// <summary>Set, only clients with a certificate of this authority may connect. Needs <see cref="Certificate"/>.</summary>
    public X509Certificate2? ClientAuthority { get; init; }

    /// <summary>The protocols that a TLS handshake offers (ALPN). Without <see cref="SslApplicationProtocol.Http2"/> both ports speak HTTP/1.1. Empty ignores ALPN.</summary>
    public IReadOnlyList<SslApplicationProtocol> TlsProtocols { get; init; } = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <summary>The size limit of a request, before and after decompression. Larger ones get 413 or RESOURCE_EXHAUSTED.</summary>
    public int MaxRequestBytes { get; init; } = 64 << 20;

    /// <summary>The requests that one HTTP/2 connection may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS).</summary>
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>Whether answers are compressed for clients that accept gzip.</summary>
    public bool CompressResponses { get; init; }

    /// <summary>False drops the raw bytes of requests after decoding, for long runs.</summary>
    public bool KeepBodies { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
