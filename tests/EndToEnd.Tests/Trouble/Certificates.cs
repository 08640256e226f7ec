using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EndToEnd.Tests.Trouble;

/// <summary>The test's own certificate authority, in memory and in one PEM file.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Fault test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(1));
        File = Path.Combine(Path.GetTempPath(), $"fault-test-ca-{Guid.NewGuid():N}.pem");
        System.IO.File.WriteAllText(File, _authority.ExportCertificatePem());
    }

    public X509Certificate2 Authority => _authority;

    /// <summary>The authority's certificate, for OTEL_EXPORTER_OTLP_CERTIFICATE.</summary>
    public string File { get; }

    /// <param name="until">Its end. It began a year ago.</param>
    public X509Certificate2 Issue(IPAddress address, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=collector", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddYears(-1), until, RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>A bundle like a system's: all roots that this machine trusts, with or without the authority's.</summary>
    public string WriteBundle(string folder, bool withAuthority)
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        var roots = store.Certificates.Select(root => root.ExportCertificatePem()).ToList();
        Assert.True(roots.Count > 50, $"only {roots.Count} roots are known here: install ca-certificates");
        // In the middle, where a search of only the first or last one misses it.
        if (withAuthority)
            roots.Insert(roots.Count / 2, _authority.ExportCertificatePem());
        var path = Path.Combine(folder, "bundle.pem");
        System.IO.File.WriteAllLines(path, roots);
        return path;
    }

    public void Dispose()
    {
        _authority.Dispose();
        System.IO.File.Delete(File);
    }
}
