using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Network;

/// <summary>Common mistakes in headers, endpoints and certificates: one line names each, and delivery continues where possible.</summary>
public sealed class EndpointSettingTests
{
    private const string Certificate = "OTEL_EXPORTER_OTLP_CERTIFICATE";

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Headers_that_cannot_be_sent_are_named_and_the_others_are_sent(string protocol)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue,Content-Type=secret,content-language=en,Expires=0,host=secret,x-place=Z%C3%BCrich-secret,x-evil=secret%0D%0Ax:1,bad name=secret,te=secret"));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        var line = Assert.Single(outcome.Said);
        Assert.All(["OTEL_EXPORTER_OTLP_HEADERS", "'content-type'", "'host'", "'x-place'", "'x-evil'", "'bad name'", "'te'"], name => Assert.Contains(name, line, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
        Assert.All(lambda.Backend.Requests, static request => Assert.Equal(("blue", "en", "0"), (request.Headers["x-team"], request.Headers["content-language"], request.Headers["expires"])));
    }

    [Fact]
    public async Task A_base_endpoint_with_the_path_of_a_signal_is_named_and_everything_arrives()
    {
        await using var backend = await Watched.BackendAsync();
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", backend.HttpUrl + "/v1/traces"), (FaultRun.Strategy, "end"));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync(backendHasAll: false);

        outcome.CheckNothingLost();
        Assert.Contains(backend.HttpUrl, outcome.Line("OTEL_EXPORTER_OTLP_ENDPOINT ends in /v1/traces"), StringComparison.Ordinal);
        Assert.Equal(["/v1/logs", "/v1/metrics", "/v1/traces"], backend.Requests.Select(static request => request.Path).Distinct().Order());
    }

    [Theory]
    [InlineData("DER", "is a certificate in DER form")]
    [InlineData("escaped", "has \\n where lines should break")]
    [InlineData("in the variable", "has \\n where lines should break")]
    public async Task A_certificate_in_an_odd_form_is_named_and_works(string form, string said)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var folder = new TemporaryFolder();
        var pem = await File.ReadAllTextAsync(certificates.File, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("ca"), form == "DER" ? X509Certificate2.CreateFromPem(pem).RawData : Encoding.ASCII.GetBytes(pem.ReplaceLineEndings("\\n")), TestContext.Current.CancellationToken);
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = certificate }, null, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"),
            (Certificate, form == "in the variable" ? pem.ReplaceLineEndings("\\n") : folder.File("ca")));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Contains(Certificate, outcome.Line(said), StringComparison.Ordinal);
        Assert.DoesNotContain(outcome.Said, static line => line.Contains("BEGIN", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("empty", "is empty")]
    [InlineData("noise", "holds no certificate in PEM form")]
    [InlineData("missing", "no such file")]
    public async Task A_file_without_a_certificate_is_named_with_its_variable(string content, string said)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var folder = new TemporaryFolder();
        if (content != "missing")
            await File.WriteAllTextAsync(folder.File("ca"), content == "empty" ? "" : content, TestContext.Current.CancellationToken);
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = certificate }, null, (FaultRun.Strategy, "end"), (Certificate, folder.File("ca")));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(2);
        Assert.Contains($"{folder.File("ca")} ({Certificate})", outcome.Line(said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_key_of_another_certificate_is_named_and_costs_no_data(string protocol)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var folder = new TemporaryFolder();
        using var stranger = ECDsa.Create();
        await File.WriteAllTextAsync(folder.File("client.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("key.pem"), stranger.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = certificate }, null, (FaultRun.Strategy, "end"), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (Certificate, certificates.File),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", folder.File("client.pem")), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", folder.File("key.pem")));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(2);
        Assert.Contains($"{folder.File("key.pem")} (OTEL_EXPORTER_OTLP_CLIENT_KEY) does not belong to it", outcome.Line("OTEL_EXPORTER_OTLP_CLIENT_KEY"), StringComparison.Ordinal);
    }
}
