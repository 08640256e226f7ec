namespace TelemetryExtension.Configuration;

internal enum OtlpProtocol : byte
{
    HttpProtobuf,
    Grpc,
}

/// <summary>Where and how one signal is sent.</summary>
/// <param name="Url">The complete request URL for http/protobuf; scheme and authority count for gRPC. Holds no user info.</param>
/// <param name="Headers">Names in lower case. May be credentials: never printed.</param>
/// <param name="Timeout">The longest one attempt may take; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> when unlimited.</param>
internal sealed record OtlpEndpoint(
    Uri Url,
    OtlpProtocol Protocol,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    TimeSpan Timeout,
    bool Gzip,
    TlsFiles Tls)
{
    /// <summary>Scheme, host and port: what may share a connection.</summary>
    public string Origin => Url.GetLeftPart(UriPartial.Authority);

    /// <summary>Without query: some vendors carry keys there.</summary>
    public override string ToString() => Url.GetLeftPart(UriPartial.Path);
}

/// <summary>Certificates and key from the settings; null means the system's trust and no client certificate.</summary>
internal readonly record struct TlsFiles(PemSource? Certificate = null, PemSource? ClientKey = null, PemSource? ClientCertificate = null);
