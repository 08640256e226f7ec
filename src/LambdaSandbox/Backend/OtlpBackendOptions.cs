using System.Security.Cryptography.X509Certificates;

namespace LambdaSandbox.Backend;

/// <summary>How an <see cref="OtlpBackend"/> listens; always on 127.0.0.1.</summary>
public sealed record OtlpBackendOptions
{
    /// <summary>0: any free port.</summary>
    public int HttpPort { get; init; }

    /// <summary>0: any free port.</summary>
    public int GrpcPort { get; init; }

    /// <summary>Set, both ports speak TLS with it. It must have its private key.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Intermediates that are sent along with <see cref="Certificate"/>; null sends none.</summary>
    public X509Certificate2Collection? CertificateChain { get; init; }

    /// <summary>Of one request, before and after decompression; above it the answer is 413 or RESOURCE_EXHAUSTED.</summary>
    public int MaxRequestBytes { get; init; } = 64 << 20;

    /// <summary>Answers are gzip when the client says it takes that.</summary>
    public bool CompressResponses { get; init; }

    /// <summary>False forgets the raw bytes of requests once decoded, for long runs.</summary>
    public bool KeepBodies { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
