namespace TelemetryExtension.Configuration;

internal enum OtlpProtocol : byte
{
    HttpProtobuf,
    Grpc,
}

/// <summary>Where and how one signal is sent.</summary>
/// <param name="Url">The complete request URL for http/protobuf. gRPC uses its scheme and authority. It contains no user info.</param>
/// <param name="Headers">Names in lower case. They may be credentials and are never printed.</param>
/// <param name="Aws">Null for any backend that is no service of AWS.</param>
/// <param name="Timeout">The limit of one attempt. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> when unlimited.</param>
internal sealed record OtlpEndpoint(
    Uri Url,
    OtlpProtocol Protocol,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    TimeSpan Timeout,
    bool Gzip,
    TlsFiles Tls,
    AwsService? Aws = null)
{
    /// <summary>Scheme, host and port. Endpoints with the same origin may share a connection.</summary>
    public string Origin => Url.GetLeftPart(UriPartial.Authority);

    /// <summary>Without the query, because some vendors put keys there.</summary>
    public override string ToString() => Url.GetLeftPart(UriPartial.Path);
}

/// <summary>Certificates and key from the settings. Null means the system's certificates, and no client certificate.</summary>
internal readonly record struct TlsFiles(PemSource? Certificate = null, PemSource? ClientKey = null, PemSource? ClientCertificate = null);
