using System.Net;
using System.Security.Cryptography.X509Certificates;
using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Network;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Secrets;

/// <summary>Keys, certificates and endpoints out of a secret store. That they are printed nowhere is checked at the end of every test.</summary>
[Collection(CloudWatchCollection.Name)]
public sealed class SecretTests(LocalCloudWatch moto)
{
    private const string Authorization = "authorization";

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_key_that_is_rotated_in_the_middle_costs_no_data(string protocol)
    {
        using var vault = new SecretVault(moto.Server.Url);
        var key = Canary.New("key");
        var arn = await vault.CreateAsync($$"""{"token":"{{key}}"}""");
        await using var lambda = await StartAsync(
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_HEADERS", $"authorization=Bearer%20${{{arn}#token}},x-team=shop"), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        lambda.Backend.Respond = request => request.Headers[Authorization] == "Bearer " + key ? Fault.None : Refusal(request, protocol);
        var results = new List<InvocationResult>(await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        // The store is asked again at most every 5 seconds.
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        key = Canary.New("key");
        await vault.RotateAsync(arn, $$"""{"token":"{{key}}"}""");
        results = [.. await lambda.OrdersUntilArrivedAsync([.. results, .. await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(3))])];
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Contains(lambda.Backend.Requests, request => request.AcceptedItems == 0);
        Assert.All(lambda.Backend.Requests, request => Assert.Equal("shop", request.Headers["x-team"]));
        Assert.Empty(outcome.Said);
    }

    [Fact]
    public async Task A_store_that_is_down_at_the_start_costs_no_data_and_is_named_once()
    {
        using var vault = new SecretVault(moto.Server.Url);
        var key = Canary.New("key");
        var arn = await vault.CreateParameterAsync(key);
        var port = FreePort.Find();
        await using var lambda = await StartAsync(
            ("AWS_ENDPOINT_URL_SSM", $"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_HEADERS", $"api-key=${{{arn}}}"), (FaultRun.Strategy, "end"));
        var results = new List<InvocationResult>(await lambda.OrdersAsync(3));
        Assert.Empty(lambda.Backend.Requests);
        await using var store = new ForwardProxy(moto.Url.ToString(), port: int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        results = [.. await lambda.OrdersUntilArrivedAsync(results)];
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.All(lambda.Backend.Requests, request => Assert.Equal(key, request.Headers["api-key"]));
        Assert.Contains("refused", outcome.Line($"cannot read {arn}"), StringComparison.Ordinal);
        outcome.Line($"{arn} can be read again");
        Assert.Equal(2, outcome.Said.Count);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Mutual_TLS_with_key_and_certificate_from_secrets_works(string protocol)
    {
        using var vault = new SecretVault(moto.Server.Url);
        using var certificates = new Certificates();
        using var server = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        using var client = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        var pem = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        Canary.Hide(pem.Split('\n')[1]);
        var (key, certificate, authority) = (await vault.CreateAsync(pem), await vault.CreateParameterAsync(client.ExportCertificatePem()), await vault.CreateAsync(certificates.Authority.ExportCertificatePem()));
        await using var lambda = await StartAsync(
            new OtlpBackendOptions { Certificate = server, ClientAuthority = certificates.Authority },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", $"${{{key}}}"), ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", $"${{{certificate}}}"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", $"${{{authority}}}"), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
    }

    [Fact]
    public async Task An_endpoint_that_is_a_secret_is_used_and_not_printed()
    {
        using var vault = new SecretVault(moto.Server.Url);
        await using var backend = await Watched.BackendAsync();
        Canary.Hide(backend.HttpUrl);
        Exits.OfThisTest.AddFirst(backend.HttpUrl);
        var arn = await vault.CreateAsync(backend.HttpUrl + "?key=" + Canary.New("query", Home.QueryTo(backend.HttpUrl)));
        await using var lambda = await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", $"${{{arn}}}"), (FaultRun.Strategy, "end"));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync(backendHasAll: false);

        Assert.Empty(outcome.Said);
        Assert.Empty(lambda.Backend.Requests);
        Assert.Contains(backend.Requests, request => request.Path == "/v1/traces" && request.AcceptedItems > 0);
        Assert.Contains(lambda.ExtensionLines, line => Outcome.IsStart(line) && line.Contains($"otlp ${{{arn}}}", StringComparison.Ordinal));
    }

    /// <summary>The backend repeats the key that it refuses, as some do.</summary>
    [Fact]
    public async Task A_key_that_is_refused_for_good_is_printed_nowhere()
    {
        using var vault = new SecretVault(moto.Server.Url);
        var key = Canary.New("key");
        await using var lambda = await StartAsync(("OTEL_EXPORTER_OTLP_HEADERS", $"authorization=Bearer%20${{{await vault.CreateAsync(key)}}}"), (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = request => Fault.Http(401, message: $"the key {request.Headers[Authorization]} is unknown");
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        Assert.Contains("HTTP 401: the key *** is unknown", outcome.Said.First(line => line.Contains("401", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static Fault Refusal(ReceivedRequest request, string protocol) =>
        protocol == "grpc" ? Fault.Grpc(16, $"unknown key {request.Headers[Authorization]}") : Fault.Http(401, message: $"unknown key {request.Headers[Authorization]}");

    private Task<LambdaUnderTest> StartAsync(params IReadOnlyList<(string Name, string? Value)> environment) => StartAsync(new OtlpBackendOptions(), environment);

    private Task<LambdaUnderTest> StartAsync(OtlpBackendOptions backend, params IReadOnlyList<(string Name, string? Value)> environment) => LambdaUnderTest.StartAsync(
        backend, null, [("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto.Url.ToString()), ("AWS_ENDPOINT_URL_SSM", moto.Url.ToString()), .. environment]);
}
