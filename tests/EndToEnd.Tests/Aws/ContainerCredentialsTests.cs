using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;

namespace EndToEnd.Tests.Aws;

/// <summary>
/// The role of a SnapStart function, which comes over HTTP, for CloudWatch Logs beside an OTLP backend. The credentials are those of moto's STS, and moto
/// checks what is signed with them.
/// </summary>
public sealed class ContainerCredentialsTests(LocalCloudWatch moto) : IClassFixture<LocalCloudWatch>
{
    private static readonly TimeSpan Hours = TimeSpan.FromHours(6);

    // The extension renews them 5 minutes before the end.
    private static readonly TimeSpan SoonRenewed = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(4);

    private readonly string _group = $"/container/{Guid.NewGuid():N}";
    private readonly string _port = FreePort.Find();

    [Fact]
    public async Task Credentials_of_the_endpoint_sign_what_is_sent()
    {
        var token = Token();
        var role = Assert.Single(await AwsRole.AssumeAsync(moto));
        await using var server = await CredentialsServer.StartAsync(_port, token, CredentialsServer.Of(role, Hours));
        await using var lambda = await StartAsync(token);
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        Assert.Equal((1, 0), (server.Requests, server.Refused));
        Assert.Equal([role.AccessKeyId], KeysUsed());
        await AwsRole.CheckEventsAsync(moto, _group, results);
    }

    [Theory]
    [InlineData("a wrong token")]
    [InlineData("no token")]
    public async Task An_endpoint_that_refuses_the_token_costs_no_record_and_is_named(string sent)
    {
        var role = Assert.Single(await AwsRole.AssumeAsync(moto));
        await using var server = await CredentialsServer.StartAsync(_port, Token(), CredentialsServer.Of(role, Hours));
        await using var lambda = await StartAsync(sent == "no token" ? null : Token());
        var results = await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(3));
        var outcome = await lambda.EndAsync(mayRepeat: true, backendHasAll: false);

        Assert.True(server.Refused > 0 && server.Refused == server.Requests, $"{server.Refused} of {server.Requests} were refused");
        Assert.Empty(KeysUsed());
        Assert.Contains("the credentials endpoint answered 403", outcome.Line(" cloudwatch: "), StringComparison.Ordinal);
        Assert.All(results, result => Assert.InRange(outcome.LogsOf(result.RequestId).Count, FaultRun.LinesPerOrder, int.MaxValue));
        Assert.Equal(outcome.Ledger.Logs.Received, outcome.Ledger.Logs.DeadLettered);
    }

    /// <param name="failures">What the endpoint answers before it has new ones. Until then the old ones still hold.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Credentials_that_expire_are_renewed_and_nothing_is_lost(int failures)
    {
        var token = Token();
        var roles = await AwsRole.AssumeAsync(moto, sessions: 2);
        await using var server = await CredentialsServer.StartAsync(
            _port, token,
            [CredentialsServer.Of(roles[0], SoonRenewed), .. Enumerable.Repeat((500, """{"message":"later"}"""), failures), CredentialsServer.Of(roles[1], Hours)]);
        await using var lambda = await StartAsync(token);
        var results = await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(3));
        results = await lambda.OrdersUntilAsync(results, () => KeysUsed().Contains(roles[1].AccessKeyId) ? null : "a request with the new key", TimeSpan.FromSeconds(3));
        results = await lambda.OrdersUntilArrivedAsync(results);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        Assert.Equal(roles.Select(role => role.AccessKeyId), KeysUsed());
        Assert.Equal(2 + failures, server.Requests);
        await AwsRole.CheckEventsAsync(moto, _group, results);
    }

    [Fact]
    public async Task An_endpoint_that_is_down_at_first_costs_no_record()
    {
        var token = Token();
        var role = Assert.Single(await AwsRole.AssumeAsync(moto));
        await using var lambda = await StartAsync(token);
        var results = await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3));
        Assert.Empty(KeysUsed());
        await using var server = await CredentialsServer.StartAsync(_port, token, CredentialsServer.Of(role, Hours));
        await CheckRecoveredAsync(lambda, results, role);
    }

    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "no JSON")]
    [InlineData(200, "[]")]
    [InlineData(200, """{"AccessKeyId":"AKIDEXAMPLE","Token":"t"}""")]
    [InlineData(200, """{"AccessKeyId":7,"SecretAccessKey":null,"Token":{}}""")]
    [InlineData(500, """{"message":"later"}""")]
    public async Task Answers_without_credentials_cost_no_record(int status, string garbage)
    {
        var token = Token();
        var role = Assert.Single(await AwsRole.AssumeAsync(moto));
        await using var server = await CredentialsServer.StartAsync(_port, token, (status, garbage), (status, garbage), CredentialsServer.Of(role, Hours));
        await using var lambda = await StartAsync(token);
        await CheckRecoveredAsync(lambda, await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(3)), role);
    }

    /// <summary>The token belongs to the endpoint, and only there.</summary>
    private string Token() => Canary.New("token", Home.HeaderTo(CredentialsServer.UrlOf(_port), "authorization"));

    /// <summary>One line said why, and then everything arrived at both. A flush that a failure made short may send again what it cut off.</summary>
    private async Task CheckRecoveredAsync(LambdaUnderTest lambda, IReadOnlyList<InvocationResult> results, AwsRole role)
    {
        results = await lambda.OrdersUntilAsync(results, () => KeysUsed().Count > 0 ? null : "a request to CloudWatch Logs", TimeSpan.FromSeconds(3));
        results = await lambda.OrdersUntilArrivedAsync(results);
        var outcome = await lambda.EndAsync(mayRepeat: true);

        outcome.CheckAllArrived(results, mayRepeat: true);
        Assert.Contains("the credentials endpoint", outcome.Said[0], StringComparison.Ordinal);
        Assert.All(outcome.Said, line => Assert.Contains("cloudwatch", line, StringComparison.Ordinal));
        Assert.Equal([role.AccessKeyId], KeysUsed());
        await AwsRole.CheckEventsAsync(moto, _group, results);
    }

    /// <summary>The access keys of all requests to CloudWatch Logs, in order of their first use.</summary>
    private IReadOnlyList<string> KeysUsed() =>
        [.. moto.Requests.Select(static request => request.Headers["Authorization"].Split("Credential=")[1].Split('/')[0]).Distinct()];

    private async Task<LambdaUnderTest> StartAsync(string? token)
    {
        await AwsRole.GuardAsync(moto, on: true);
        return await LambdaUnderTest.StartAsync(
            static options => options with { InitializationType = InitializationType.SnapStart },
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", moto.Url.ToString()), ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", _group), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", CredentialsServer.UrlOf(_port)), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token ?? ""));
    }
}
