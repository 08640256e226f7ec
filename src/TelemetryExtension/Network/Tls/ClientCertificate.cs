using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Network.Tls;

/// <summary>The certificate that this process presents to servers that request one.</summary>
internal static class ClientCertificate
{
    /// <summary>The first certificate of the file is ours. The others are sent with it, because a server may know only the root.</summary>
    /// <param name="key">Null when the key is in the certificate's file.</param>
    /// <exception cref="PemException">The message names the unusable file.</exception>
    public static SslStreamCertificateContext Load(PemSource certificate, PemSource? key)
    {
        var certificates = PemReader.ReadBlocks(certificate).FindAll(static block => block.Label == "CERTIFICATE");
        if (certificates.Count == 0)
            throw new PemException($"{certificate.Name} holds no certificate in PEM form");
        var keyPem = Key(key ?? certificate, isOwnFile: key is not null);
        try
        {
            var chain = new X509Certificate2Collection();
            foreach (var (_, der) in certificates[1..])
                chain.Add(X509CertificateLoader.LoadCertificate(der));
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(Pem(certificates[0]), keyPem), chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new PemException(
                $"{certificate.Name} holds a damaged certificate, or the private key in {(key ?? certificate).Name} does not belong to it");
        }
    }

    private static string Key(PemSource source, bool isOwnFile)
    {
        var keys = PemReader.ReadBlocks(source).FindAll(static block => block.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal));
        if (keys.Count == 0)
            throw new PemException($"{source.Name} holds no private key in PEM form{(isOwnFile ? "" : ", and no file with a key is set beside it")}");
        if (keys[0].Label.StartsWith("ENCRYPTED", StringComparison.Ordinal) || keys[0].Der.Length == 0)
            throw new PemException($"the private key in {source.Name} is damaged, or encrypted with a password; it must be in plain PEM form");
        return Pem(keys[0]);
    }

    private static string Pem((string Label, byte[] Der) block) => PemEncoding.WriteString(block.Label, block.Der);
}
