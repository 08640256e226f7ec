using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Tests.Network.Tls;

public sealed class PemReaderTests : IDisposable
{
    private const string Setting = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
    private readonly TestAuthority _root = TestAuthority.Root("Root");
    private readonly X509Certificate2 _client;
    private readonly string _folder = Directory.CreateTempSubdirectory("pem").FullName;

    public PemReaderTests() => _client = _root.Server(use: TestAuthority.ClientUse);

    private string CertificatePem => _client.ExportCertificatePem();

    private string KeyPem => _client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    public void Dispose()
    {
        _client.Dispose();
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<string, Func<string, byte[]>> Forms => new()
    {
        { "plain", Encoding.UTF8.GetBytes },
        { "with a byte order mark", static pem => [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(pem)] },
        { "Windows line ends", static pem => Encoding.UTF8.GetBytes(pem.ReplaceLineEndings("\r\n")) },
        { "escaped", static pem => Encoding.UTF8.GetBytes(pem.ReplaceLineEndings("\\n")) },
        { "escaped for Windows", static pem => Encoding.UTF8.GetBytes(pem.ReplaceLineEndings("\\r\\n")) },
        { "blanks for line ends", static pem => Encoding.UTF8.GetBytes(pem.ReplaceLineEndings(" ")) },
        { "text around it", static pem => Encoding.UTF8.GetBytes("subject=/CN=x\n" + pem + "\nmore\n") },
        { "DER", static pem => PemReader.ReadBlocks(new(pem, "")) is [var (_, der)] ? der : [] },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Bundle_AnyForm_TrustsTheServer(string form, Func<string, byte[]> encode)
    {
        var path = Write(form, encode(_root.Certificate.ExportCertificatePem()));
        using var server = _root.Server();
        Assert.True(new ServerTrust(new CaBundle(new(path, Setting))).Validate(this, server, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void ClientCertificate_AnyForm_IsRead(string form, Func<string, byte[]> encode)
    {
        var path = Write(form, encode(CertificatePem));
        Assert.Equal(_client.Thumbprint, ClientCertificate.Load(new(path, Setting), new(KeyPem, "KEY")).TargetCertificate.Thumbprint);
    }

    [Fact]
    public void ClientCertificate_ValueIsThePemItself_IsRead()
    {
        var source = new PemSource((CertificatePem + "\n" + KeyPem).ReplaceLineEndings("\\n"), Setting);
        Assert.Equal(_client.Thumbprint, ClientCertificate.Load(source, null).TargetCertificate.Thumbprint);
        Assert.DoesNotContain("BEGIN", source.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ClientCertificate_RestOfTheFile_IsSentAlong()
    {
        using var intermediate = _root.Intermediate("Intermediate");
        using var client = intermediate.Server(use: TestAuthority.ClientUse);
        var file = Write("chain", Encoding.UTF8.GetBytes(client.ExportCertificatePem() + "\n" + intermediate.Certificate.ExportCertificatePem()));
        var context = ClientCertificate.Load(new(file, Setting), new(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), "KEY"));
        Assert.Equal(intermediate.Certificate.Thumbprint, Assert.Single(context.IntermediateCertificates).Thumbprint);
    }

    [Fact]
    public void ClientCertificate_CannotBeUsed_TheFileAndTheSettingAreNamed()
    {
        var certificate = Write("c.pem", Encoding.UTF8.GetBytes(CertificatePem));
        using var stranger = ECDsa.Create();
        var encrypted = stranger.ExportEncryptedPkcs8PrivateKeyPem("secret", new(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1));

        Assert.Equal($"cannot read {_folder}/none.pem (C): no such file", Problem(_folder + "/none.pem", null));
        Assert.Equal($"cannot read {_folder} (C): is a directory", Problem(_folder, null));
        Assert.Equal($"{Path("empty")} (C) is empty", Problem(Write("empty", []), null));
        Assert.Equal($"{Path("blank")} (C) is empty", Problem(Write("blank", " \r\n\0"u8), null));
        Assert.Equal($"{Path("noise")} (C) holds no certificate in PEM form", Problem(Write("noise", [0x30, 0x82, 1, 2, 3]), null));
        Assert.Equal($"{Path("p12")} (C) holds no certificate in PEM form", Problem(Write("p12", _client.Export(X509ContentType.Pkcs12)), null));
        Assert.Equal($"{Path("key")} (C) holds no certificate in PEM form", Problem(Write("key", Encoding.UTF8.GetBytes(KeyPem)), null));
        Assert.Equal($"{certificate} (C) holds no private key in PEM form, and no file with a key is set beside it", Problem(certificate, null));
        Assert.Equal($"{certificate} (K) holds no private key in PEM form", Problem(certificate, certificate));
        Assert.Equal($"{certificate} (C) holds a damaged certificate, or the private key in {Path("other")} (K) does not belong to it", Problem(certificate, Write("other", Encoding.UTF8.GetBytes(stranger.ExportPkcs8PrivateKeyPem()))));
        Assert.StartsWith($"the private key in {Path("encrypted")} (K) is damaged, or encrypted", Problem(certificate, Write("encrypted", Encoding.UTF8.GetBytes(encrypted))), StringComparison.Ordinal);
        Assert.StartsWith($"the private key in {Path("old")} (K) is damaged, or encrypted", Problem(certificate, Write("old", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----"u8)), StringComparison.Ordinal);

        string Problem(string file, string? key) => Assert.Throws<PemException>(() => ClientCertificate.Load(new(file, "C"), key is null ? null : new(key, "K"))).Message;
    }

    [Fact]
    public void PemSource_SameFileFromTwoSettings_IsTheSame() =>
        Assert.Equal(new PemSource("/ca.pem", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"), new PemSource("/ca.pem", "OTEL_EXPORTER_OTLP_CERTIFICATE"));

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private string Write(string name, ReadOnlySpan<byte> content)
    {
        File.WriteAllBytes(Path(name), content);
        return Path(name);
    }
}
