using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Benchmarks;

/// <summary>A certificate for 127.0.0.1 and its root.</summary>
internal static class TestCertificates
{
    private const string SystemBundle = "/etc/ssl/certs/ca-certificates.crt";

    /// <summary>Writes the system's roots and one more to a temporary file, which the caller deletes. Returns its path.</summary>
    public static async Task<string> WriteBundleAsync(X509Certificate2 root)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, (File.Exists(SystemBundle) ? await File.ReadAllTextAsync(SystemBundle) : "") + root.ExportCertificatePem());
        return path;
    }

    public static X509Certificate2 Authority(out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Benchmark Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    public static X509Certificate2 Server(X509Certificate2 root, ECDsa rootKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]);
        return certificate.CopyWithPrivateKey(key);
    }
}
