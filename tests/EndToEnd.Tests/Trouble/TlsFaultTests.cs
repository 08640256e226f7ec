using System.Net;
using System.Security.Cryptography.X509Certificates;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

public sealed class TlsFaultTests
{
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task With_the_right_authority_everything_arrives(string protocol)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = certificate }, null,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.File));
        var results = await lambda.OrdersAsync(3);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    /// <param name="reason">The message beside the line about the destination, which every failed handshake logs.</param>
    [Theory]
    [InlineData("expired", "(CN=collector) is not trusted: NotTimeValid")]
    [InlineData("issued by nobody we trust", "(CN=collector) is not trusted: PartialChain")]
    [InlineData("for another host", "(CN=collector) is of another host")]
    public async Task An_untrusted_certificate_receives_nothing_and_the_reason_is_logged_once(string trouble, string reason)
    {
        using var certificates = new Certificates();
        using var others = new Certificates();
        using var certificate = certificates.Issue(
            trouble == "for another host" ? IPAddress.Parse("192.0.2.1") : IPAddress.Loopback,
            trouble == "expired" ? DateTimeOffset.UtcNow.AddDays(-1) : DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = certificate }, null, (FaultRun.Strategy, "end"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", trouble == "issued by nobody we trust" ? others.File : certificates.File));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Empty(lambda.Backend.Requests);
        outcome.Line("SecureConnectionError");
        outcome.Line(reason);
        Assert.Equal(2, outcome.Said.Count);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_certificate_that_expires_and_is_renewed_costs_no_data(string protocol)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var certificates = new Certificates();
        using var good = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var expired = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(-1));
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { Certificate = good }, null,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.File));
        var results = new List<InvocationResult>(await lambda.OrdersAsync(2));
        var before = lambda.Backend.Requests.Count;
        await ShowAsync(expired);
        results.AddRange(await lambda.OrdersAsync(3));
        Assert.Equal(before, lambda.Backend.Requests.Count);
        await ShowAsync(good);
        results = [.. await lambda.OrdersUntilArrivedAsync(results)];
        (await lambda.EndAsync()).CheckAllArrived(results);

        async Task ShowAsync(X509Certificate2 certificate)
        {
            await lambda.Backend.PauseAsync(cancellation);
            lambda.Backend.Certificate = certificate;
            await lambda.Backend.ResumeAsync(cancellation);
        }
    }

    [Fact]
    public async Task A_backend_without_TLS_receives_nothing()
    {
        await using var plain = await Watched.BackendAsync();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, (FaultRun.Strategy, "end"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", plain.HttpUrl.Replace("http:", "https:", StringComparison.Ordinal)));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Empty(plain.Requests);
        Assert.Contains("SecureConnectionError", Assert.Single(outcome.Said), StringComparison.Ordinal);
    }
}
