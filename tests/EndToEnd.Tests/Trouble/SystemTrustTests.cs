using System.Net;
using EndToEnd.Tests.Tools;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>Trust from the system's bundle, without OTLP settings: the published binary must find one certificate among all.</summary>
public sealed class SystemTrustTests : IDisposable
{
    /// <summary>The usual paths. The extension uses the first that exists.</summary>
    private static readonly string[] UsualPlaces = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

    private readonly TemporaryFolder _folder = new();
    private readonly Certificates _certificates = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("named by SSL_CERT_FILE", "http/protobuf")]
    [InlineData("named by SSL_CERT_FILE", "grpc")]
    [InlineData("in its usual place", "http/protobuf")]
    public async Task An_authority_in_the_bundle_is_trusted(string bundle, string protocol)
    {
        using var certificate = _certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await StartAsync(bundle, withAuthority: true, protocol, new() { Certificate = certificate });
        var results = await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
    }

    [Theory]
    [InlineData("named by SSL_CERT_FILE", "http/protobuf")]
    [InlineData("named by SSL_CERT_FILE", "grpc")]
    [InlineData("in its usual place", "http/protobuf")]
    public async Task An_authority_missing_in_the_bundle_receives_nothing_and_the_reason_is_logged_once(string bundle, string protocol)
    {
        using var certificate = _certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await StartAsync(bundle, withAuthority: false, protocol, new() { Certificate = certificate });
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Empty(lambda.Backend.Requests);
        Assert.Contains("CN=collector", outcome.Line("is not trusted: PartialChain"), StringComparison.Ordinal);
        outcome.Line("SecureConnectionError");
    }

    private async Task<LambdaUnderTest> StartAsync(string bundle, bool withAuthority, string protocol, OtlpBackendOptions backend)
    {
        var file = _certificates.WriteBundle(_folder.Path, withAuthority);
        var isNamed = bundle == "named by SSL_CERT_FILE";
        Assert.SkipUnless(isNamed || Environment.IsPrivilegedProcess, "a mount namespace needs root");
        var place = Array.Find(UsualPlaces, File.Exists);
        Assert.SkipWhen(!isNamed && place is null, "this machine has no CA bundle in a usual place");
        return await LambdaUnderTest.StartAsync(
            backend, options => isNamed ? options : options with { Mounts = [(file, place!)] }, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), ("SSL_CERT_FILE", isNamed ? file : null));
    }
}
