using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Network.Tls;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Network.Tls;

/// <summary>Real handshakes with a TLS backend over both protocols, with the CA bundle from the settings.</summary>
public sealed class ServerTrustTests : IDisposable
{
    private readonly string _bundle = Path.GetTempFileName();
    private readonly TestAuthority _root = TestAuthority.Root("Root");
    private readonly TestAuthority _other = TestAuthority.Root("Other Root");
    private readonly TestAuthority _intermediate;

    public ServerTrustTests() => _intermediate = _root.Intermediate("Intermediate");

    public void Dispose()
    {
        File.Delete(_bundle);
        _root.Dispose();
        _other.Dispose();
        _intermediate.Dispose();
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Connect_ChainToARootInTheBundle_IsTrusted(string protocol) =>
        await AssertAsync(true, _intermediate.Server(), [_intermediate.Certificate], Trust(_other, _root), protocol);

    [Fact]
    public async Task Connect_WrongHost_IsRefused() =>
        await AssertAsync(false, _intermediate.Server(host: "elsewhere.example"), [_intermediate.Certificate], Trust(_root));

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Connect_UnknownAuthority_IsRefused(string protocol) =>
        await AssertAsync(false, _intermediate.Server(), [_intermediate.Certificate], Trust(_other), protocol);

    [Fact]
    public async Task Connect_UnknownAuthorityThatSendsItsRoot_IsRefused() =>
        await AssertAsync(false, _intermediate.Server(), [_intermediate.Certificate, _root.Certificate], Trust(_other));

    [Fact]
    public async Task Connect_Expired_IsRefused() =>
        await AssertAsync(false, _intermediate.Server(validDays: -1), [_intermediate.Certificate], Trust(_root));

    [Fact]
    public async Task Connect_MissingIntermediate_IsRefused() =>
        await AssertAsync(false, _intermediate.Server(), [], Trust(_root));

    [Fact]
    public async Task Connect_IntermediateOnlyInTheBundle_IsTrusted() =>
        await AssertAsync(true, _intermediate.Server(), [], Trust(_intermediate, _root));

    [Fact]
    public async Task Connect_ForClientsOnly_IsRefused() =>
        await AssertAsync(false, _intermediate.Server(use: TestAuthority.ClientUse), [_intermediate.Certificate], Trust(_root));

    [Fact]
    public async Task Connect_SelfSigned_IsRefusedUnlessInTheBundle()
    {
        using var self = TestAuthority.Root("server");
        await AssertAsync(false, self.Server(), [], Trust(_root));
        await AssertAsync(true, self.Server(), [], Trust(self));
    }

    [Fact]
    public async Task Connect_ImpostorWithTheNameOfATrustedRoot_IsRefused()
    {
        using var impostor = TestAuthority.Root("Root");
        using var intermediate = impostor.Intermediate("Intermediate");
        await AssertAsync(false, intermediate.Server(), [intermediate.Certificate, impostor.Certificate], Trust(_root));
    }

    [Fact]
    public async Task Connect_CrossSigned_IsTrustedByEitherRoot()
    {
        // The server sends its chain to the old root; the new root's name and key are also those of the cross-signed certificate.
        using var renewed = TestAuthority.Root("New Root");
        using var cross = _root.CrossSign(renewed);
        using var intermediate = renewed.Intermediate("New Intermediate");
        await AssertAsync(true, intermediate.Server(), [intermediate.Certificate, cross], Trust(renewed));
        await AssertAsync(true, intermediate.Server(), [intermediate.Certificate, cross], Trust(_root));
        await AssertAsync(true, intermediate.Server(), [intermediate.Certificate, cross], Trust(_root, renewed));
        await AssertAsync(false, intermediate.Server(), [intermediate.Certificate, cross], Trust(_other));
    }

    [Fact]
    public async Task Connect_TwoRootsOfOneName_TheRightOneIsFound()
    {
        using var twin = TestAuthority.Root("Root");
        await AssertAsync(true, _intermediate.Server(), [_intermediate.Certificate], Trust(twin, _root));
    }

    [Fact]
    public async Task Connect_IssuerWrittenInAnotherStringType_IsTrusted()
    {
        using var printable = TestAuthority.Root(Name(UniversalTagNumber.PrintableString, "The  Root"));
        using var sameKey = printable.Renamed(Name(UniversalTagNumber.UTF8String, "the root"));
        await AssertAsync(true, sameKey.Server(), [], Trust(printable));
    }

    [Fact]
    public async Task Connect_BundleMissing_IsRefused() => await AssertAsync(false, _intermediate.Server(), [_intermediate.Certificate], "/nonexistent");

    [Fact]
    public async Task Connect_BundleFullOfRubbish_FindsTheRootAllTheSame()
    {
        var path = Trust(_root);
        File.WriteAllText(path, "# comment\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"
            + "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n" + File.ReadAllText(path) + "\n-----BEGIN CERTIFICATE-----\nAAAA");
        await AssertAsync(true, _intermediate.Server(), [_intermediate.Certificate], path);
    }

    [Fact]
    public async Task Connect_ClientCertificate_IsRead()
    {
        using var client = _root.Server(use: TestAuthority.ClientUse);
        var key = Path.GetTempFileName();
        try
        {
            var trust = Trust(_root);
            File.WriteAllText(key, client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n" + client.ExportCertificatePem());
            await using var backend = await StartAsync(_intermediate.Server(), [_intermediate.Certificate]);
            using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl, ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = trust, ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = key, ["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = key });
            bench.Add(LogPayload("one"));
            await bench.DeliverAsync();
            bench.AssertLogs(exported: 1);
        }
        finally
        {
            File.Delete(key);
        }
    }

    /// <summary>The server knows only the root, so the client must send the intermediates.</summary>
    [Fact]
    public async Task Connect_ClientCertificateWithIntermediate_TheIntermediateIsSentAlong()
    {
        using var server = _root.Server();
        using var client = _intermediate.Server(use: TestAuthority.ClientUse);
        var key = Path.GetTempFileName();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        try
        {
            File.WriteAllText(key, $"{client.ExportCertificatePem()}\n{_intermediate.Certificate.ExportCertificatePem()}\n{client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n");
            var sent = SentByClientAsync(listener, server);
            using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = Trust(_root), ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = key, ["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = key });
            bench.Add(LogPayload("one"));
            await bench.DeliverAsync();

            Assert.Equal([client.Thumbprint, _intermediate.Certificate.Thumbprint], await sent);
        }
        finally
        {
            File.Delete(key);
        }
    }

    [Fact]
    public void Of_SameBundle_IsOneForAllConnections() =>
        Assert.Same(ServerTrust.Of(new(_bundle, "ONE")), ServerTrust.Of(new(_bundle, "OTHER")));

    [Fact]
    public async Task Connect_BundleReplaced_TheNewOneCounts()
    {
        await AssertAsync(true, _intermediate.Server(), [_intermediate.Certificate], Trust(_root));
        await AssertAsync(false, _intermediate.Server(), [_intermediate.Certificate], Trust(_other));
        await AssertAsync(true, _intermediate.Server(), [_intermediate.Certificate], Trust(_other, _root));
    }

    [Fact]
    public async Task Connect_BundleComesLater_IsTrustedThen()
    {
        File.Delete(_bundle);
        await using var backend = await StartAsync(_intermediate.Server(), [_intermediate.Certificate]);
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl, ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = _bundle });
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        bench.AssertLogs(buffered: 1);

        Trust(_root);
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 1);
    }

    /// <summary>OpenSSL's own format lists after the certificate for what it is not trusted.</summary>
    [Fact]
    public async Task Connect_RootWithOpenSslTrustSettings_IsRefused()
    {
        var path = Trust(_root);
        File.WriteAllText(path, File.ReadAllText(path).Replace("CERTIFICATE-----", "TRUSTED CERTIFICATE-----", StringComparison.Ordinal));
        await AssertAsync(false, _intermediate.Server(), [_intermediate.Certificate], path);
    }

    /// <summary>The thumbprints of the chain that a client sends. The connection ends after the handshake.</summary>
    private static async Task<string[]> SentByClientAsync(TcpListener listener, X509Certificate2 server)
    {
        using var connection = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        string[] sent = [];
        await using var tls = new SslStream(connection.GetStream(), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = server,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                sent = [certificate!.GetCertHashString(), .. chain!.ChainPolicy.ExtraStore.Select(static one => one.Thumbprint).Except([certificate.GetCertHashString()])];
                return true;
            },
        }, TestContext.Current.CancellationToken);
        return sent;
    }

    private static X500DistinguishedName Name(UniversalTagNumber kind, string name)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.5.4.3");
            writer.WriteCharacterString(kind, name);
        }

        return new(writer.Encode());
    }

    private static Task<OtlpBackend> StartAsync(X509Certificate2 server, X509Certificate2[] sent) =>
        OtlpBackend.StartAsync(new() { Certificate = server, CertificateChain = [.. sent] }, TestContext.Current.CancellationToken);

    /// <summary>Asserts the outcome, and that .NET decides the same with the whole bundle as its roots.</summary>
    private static async Task AssertAsync(bool trusted, X509Certificate2 server, X509Certificate2[] sent, string bundle, string protocol = "http/protobuf")
    {
        await using var backend = await StartAsync(server, sent);
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? backend.GrpcUrl : backend.HttpUrl, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol, ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = bundle });
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        Assert.Equal(trusted ? 1 : 0, backend.LogRecords.Count);
        bench.AssertLogs(exported: trusted ? 1 : 0, buffered: trusted ? 0 : 1);
        Assert.Equal(trusted, IsTrustedByDotNet(server, sent, bundle));
        server.Dispose();
    }

    private static bool IsTrustedByDotNet(X509Certificate2 server, X509Certificate2[] sent, string bundle)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new(TestAuthority.ServerUse));
        foreach (var block in File.Exists(bundle) ? File.ReadAllText(bundle).Split("-----BEGIN CERTIFICATE-----").Skip(1) : [])
            if (block.IndexOf("-----END", StringComparison.Ordinal) is > 0 and var end && block[..end].Trim() is { Length: > 100 } base64)
                chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(base64)));
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        return chain.Build(server) && server.MatchesHostname("127.0.0.1");
    }

    private string Trust(params TestAuthority[] roots)
    {
        File.WriteAllText(_bundle, string.Concat(roots.Select(root => root.Certificate.ExportCertificatePem() + "\n")));
        return _bundle;
    }
}
