using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Secrets;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;

namespace EndToEnd.Tests.Aws;

/// <summary>
/// Temporary credentials of a role, from STS. moto checks every request of the extension: the signature with botocore's signer, the token, and the policy of
/// the role. Keys come from a secret and a parameter that KMS encrypts. This moto is the class's own, because it cannot check for one test alone.
/// </summary>
public sealed class RoleTests(LocalCloudWatch moto) : IClassFixture<LocalCloudWatch>
{
    private readonly string _group = $"/role/{Guid.NewGuid():N}";

    [Fact]
    public async Task Logs_and_keys_encrypted_by_KMS_work_with_a_role_of_STS()
    {
        var role = Assert.Single(await AwsRole.AssumeAsync(moto));
        using var vault = new SecretVault(moto.Server.Url);
        var kmsKey = await vault.CreateKmsKeyAsync();
        var (key, tenant) = (Canary.New("key"), Canary.New("tenant"));
        var secret = await vault.CreateAsync($$"""{"token":"{{key}}"}""", kmsKey);
        var parameter = await vault.CreateParameterAsync(tenant, kmsKey);
        // It is encrypted indeed: who does not ask for decryption does not get it.
        Assert.NotEqual(tenant, await vault.ReadParameterAsync(parameter, decrypted: false));
        await AwsRole.GuardAsync(moto, on: true);
        await using var lambda = await StartAsync([.. role.Environment, ("OTEL_EXPORTER_OTLP_HEADERS", $"authorization=Bearer%20${{{secret}#token}},x-tenant=${{{parameter}}}")]);
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(3, heldAtMost: TimeSpan.FromSeconds(3)));
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        Assert.All(lambda.Backend.Requests, request => Assert.Equal(("Bearer " + key, tenant), (request.Headers["authorization"], request.Headers["x-tenant"])));
        Assert.Superset(
            new HashSet<string> { "Logs_20140328.PutLogEvents", "secretsmanager.GetSecretValue", "AmazonSSM.GetParameters" },
            moto.Requests.Select(request => request.Headers["X-Amz-Target"]).ToHashSet());
        Assert.All(moto.Requests, request =>
        {
            Assert.Contains($"Credential={role.AccessKeyId}/", request.Headers["Authorization"], StringComparison.Ordinal);
            Assert.Equal(role.SessionToken, request.Headers["X-Amz-Security-Token"]);
        });
        await AwsRole.CheckEventsAsync(moto, _group, results);
    }

    /// <summary>What shows that moto checks at all: a secret key, a token and a policy that are wrong.</summary>
    [Theory]
    [InlineData("secret key", "SignatureDoesNotMatch")]
    [InlineData("token", "InvalidClientTokenId")]
    [InlineData("policy", "AccessDenied")]
    public async Task A_role_that_is_refused_costs_no_record_and_is_named(string wrong, string said)
    {
        var role = Assert.Single(await (wrong == "policy" ? AwsRole.AssumeAsync(moto, 1, "logs:DescribeLogGroups") : AwsRole.AssumeAsync(moto)));
        if (wrong == "secret key")
            role = role with { SecretAccessKey = Canary.New("wrong", Home.None) };
        if (wrong == "token")
            role = role with { SessionToken = Canary.New("wrong", Home.AwsSessionToken) };
        await AwsRole.GuardAsync(moto, on: true);
        await using var lambda = await StartAsync(role.Environment);
        var results = await lambda.OrdersAsync(2, heldAtMost: TimeSpan.FromSeconds(3));
        var outcome = await lambda.EndAsync(mayRepeat: true, backendHasAll: false);

        Assert.Contains(outcome.Said, line => line.Contains(" cloudwatch: ", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
        // The backend has them, and the dead letters have them for CloudWatch Logs.
        Assert.All(results, result => Assert.InRange(outcome.LogsOf(result.RequestId).Count, FaultRun.LinesPerOrder, int.MaxValue));
        Assert.Equal(outcome.Ledger.Logs.Received, outcome.Ledger.Logs.DeadLettered);
    }

    private Task<LambdaUnderTest> StartAsync(IReadOnlyList<(string Name, string? Value)> environment) => LambdaUnderTest.StartAsync(
        null, [("AWS_ENDPOINT_URL", moto.Url.ToString()), ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", _group), (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), .. environment]);
}
