using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TelemetryExtension.Tests.Network.Tls;

/// <summary>Makes certificates for tests: roots, intermediates and servers, with their keys.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";
    public const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private readonly ECDsa _key;

    private TestAuthority(ECDsa key, X509Certificate2 certificate)
    {
        _key = key;
        Certificate = certificate;
    }

    public X509Certificate2 Certificate { get; }

    public static TestAuthority Root(string name) => Root(new X500DistinguishedName($"O=Test, CN={name}"));

    public static TestAuthority Root(X500DistinguishedName name) => Root(name, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>The same key under another name.</summary>
    public TestAuthority Renamed(X500DistinguishedName name) => Root(name, ECDsa.Create(_key.ExportParameters(includePrivateParameters: true)));

    private static TestAuthority Root(X500DistinguishedName name, ECDsa key)
    {
        var request = Request(name, key, isAuthority: true);
        return new(key, request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(100)));
    }

    public TestAuthority Intermediate(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(key, Sign(Request(new($"O=Test, CN={name}"), key, isAuthority: true)));
    }

    /// <summary>Issues a certificate for another authority's name and key.</summary>
    public X509Certificate2 CrossSign(TestAuthority other) => Sign(Request(other.Certificate.SubjectName, other._key, isAuthority: true));

    /// <summary>A certificate for 127.0.0.1, or for another host, with its key.</summary>
    public X509Certificate2 Server(int validDays = 10, string? host = null, string use = ServerUse)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(new("CN=server"), key, isAuthority: false);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        using var certificate = Sign(request, validDays);
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    private static CertificateRequest Request(X500DistinguishedName name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private X509Certificate2 Sign(CertificateRequest request, int validDays = 50)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(
            Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_key),
            DateTimeOffset.UtcNow.AddDays(-5),
            DateTimeOffset.UtcNow.AddDays(validDays),
            RandomNumberGenerator.GetBytes(8));
    }
}
