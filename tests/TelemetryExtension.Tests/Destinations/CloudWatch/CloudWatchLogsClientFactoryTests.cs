using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using TelemetryExtension.Aws;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

public sealed class CloudWatchLogsClientFactoryTests
{
    private static readonly AwsOptions Keys = new(Region: "eu-west-1", AccessKeyId: "a", SecretAccessKey: "b");

    [Theory]
    [InlineData("eu-west-1", "https://logs.eu-west-1.amazonaws.com/")]
    [InlineData("cn-north-1", "https://logs.cn-north-1.amazonaws.com.cn/")]
    [InlineData("us-gov-west-1", "https://logs.us-gov-west-1.amazonaws.com/")]
    [InlineData("eusc-de-east-1", "https://logs.eusc-de-east-1.amazonaws.eu/")]
    [InlineData("future-west-9", "https://logs.future-west-9.amazonaws.com/")]
    public void Create_Region_GivesItsEndpoint(string region, string expected) => Assert.Equal(expected, UrlOf(Keys with { Region = region }));

    [Theory]
    [InlineData("true", null, "https://logs-fips.eu-west-1.amazonaws.com/")]
    [InlineData(" TRUE ", "", "https://logs-fips.eu-west-1.amazonaws.com/")]
    [InlineData(null, "True", "https://logs.eu-west-1.api.aws/")]
    [InlineData("true", "true", "https://logs-fips.eu-west-1.api.aws/")]
    [InlineData("false", "0", "https://logs.eu-west-1.amazonaws.com/")]
    [InlineData("1", "yes", "https://logs.eu-west-1.amazonaws.com/")]
    public void Create_FipsAndDualStack_AsTheSdksReadThem(string? fips, string? dualStack, string expected)
    {
        var variables = new Env { ["AWS_REGION"] = "eu-west-1", ["AWS_USE_FIPS_ENDPOINT"] = fips, ["AWS_USE_DUALSTACK_ENDPOINT"] = dualStack };
        Assert.Equal(expected, UrlOf(AwsOptions.From(variables.Read()) with { AccessKeyId = "a", SecretAccessKey = "b" }));
    }

    [Fact]
    public void Create_EndpointUrlAndSwitches_TheUrlWins() =>
        Assert.Equal("http://all:1/", UrlOf(Keys with { LogsEndpoint = "http://all:1", UseFips = true, UseDualStack = true }));

    [Fact]
    public void Create_EndpointUrls_TheMoreSpecialOneWins()
    {
        var all = new Env { ["AWS_ENDPOINT_URL"] = "http://all:1" };
        Assert.Equal("http://all:1", AwsOptions.From(all.Read()).LogsEndpoint);
        all["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://logs:2";
        Assert.Equal("http://logs:2/", UrlOf(Keys with { LogsEndpoint = AwsOptions.From(all.Read()).LogsEndpoint }));
    }

    [Fact]
    public void From_OnlyDefaultRegion_UsesIt() =>
        Assert.Equal("us-east-2", AwsOptions.From(new Env { ["AWS_REGION"] = "", ["AWS_DEFAULT_REGION"] = "us-east-2" }.Read()).Region);

    [Theory]
    [InlineData("AWS_REGION", null, "a", "b", null, null)]
    [InlineData("AWS_ACCESS_KEY_ID", "eu-west-1", null, null, null, null)]
    [InlineData("AWS_ACCESS_KEY_ID", "eu-west-1", "a", " ", null, null)]
    [InlineData("AWS_ENDPOINT_URL", "eu-west-1", "a", "b", "localhost:1", null)]
    [InlineData("neither local nor https", "eu-west-1", null, null, null, "http://credentials.example.com/")]
    [InlineData("neither local nor https", "eu-west-1", null, null, null, "nonsense")]
    public void TryCreate_SomethingMissing_NamesIt(string expected, string? region, string? key, string? secret, string? endpoint, string? container)
    {
        var aws = AwsOptions.From(new Env
        {
            ["AWS_REGION"] = region,
            ["AWS_ACCESS_KEY_ID"] = key,
            ["AWS_SECRET_ACCESS_KEY"] = secret,
            ["AWS_ENDPOINT_URL"] = endpoint,
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container,
        }.Read());

        Assert.False(CloudWatchLogsClientFactory.TryCreate(aws, out var client, out var problem));
        Assert.Null(client);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9001/2021-04-23/credentials", true)]
    [InlineData("http://localhost:9001/", true)]
    [InlineData("http://169.254.100.1:9001/", true)]
    [InlineData("http://[fd00:ec2::23]/", true)]
    [InlineData("https://credentials.example.com/", true)]
    [InlineData("http://10.0.0.1/", false)]
    [InlineData("http://169.254.example.com/", false)]
    public void IsTrusted_Endpoint_IsLocalOrEncrypted(string url, bool expected) => Assert.Equal(expected, ContainerCredentials.IsTrusted(new(url)));

    [Fact]
    public async Task Credentials_ContainerEndpoint_AreFetchedOnceAndSigned()
    {
        using var endpoint = new CredentialsEndpoint(TimeSpan.FromHours(6));
        using var credentials = new ContainerCredentials(new("http://127.0.0.1:9001/2021-04-23/credentials"), "secret token", endpoint);

        var first = await credentials.GetCredentialsAsync();
        await credentials.GetCredentialsAsync();

        Assert.Equal(("AKIDEXAMPLE", FakeCloudWatchLogs.Secret, "session1"), (first.AccessKey, first.SecretKey, first.Token));
        Assert.Equal(["secret token"], endpoint.Authorizations);
    }

    [Fact]
    public async Task Credentials_AboutToExpire_AreFetchedAgain()
    {
        using var endpoint = new CredentialsEndpoint(TimeSpan.FromSeconds(20), TimeSpan.FromHours(6));
        using var credentials = new ContainerCredentials(new("http://127.0.0.1:9001/"), null, endpoint);

        await credentials.GetCredentialsAsync();
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while ((await credentials.GetCredentialsAsync()).Token != "session2" && DateTime.UtcNow < deadline)
            await Task.Yield();

        Assert.Equal("session2", (await credentials.GetCredentialsAsync()).Token);
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(200, "nonsense")]
    [InlineData(200, "{}")]
    [InlineData(200, "[]")]
    [InlineData(200, """{"AccessKeyId":1,"SecretAccessKey":"b","Token":"c","Expiration":2}""")]
    [InlineData(200, """{"AccessKeyId":"a","SecretAccessKey":"b"}""")]
    public async Task Credentials_BadAnswer_IsAClearError(int status, string body)
    {
        using var endpoint = new CredentialsEndpoint { Answer = (status, body) };
        using var credentials = new ContainerCredentials(new("http://127.0.0.1:9001/"), null, endpoint);

        var thrown = await Assert.ThrowsAsync<AmazonClientException>(() => credentials.GetCredentialsAsync());

        Assert.Contains("credentials endpoint", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_AnswerIsTooLong_IsAClearError()
    {
        using var endpoint = new CredentialsEndpoint { Answer = (200, $$"""{"AccessKeyId":"a","SecretAccessKey":"b","Token":"{{new string('x', 2 * 1024 * 1024)}}"}""") };
        using var credentials = new ContainerCredentials(new("http://127.0.0.1:9001/"), null, endpoint);

        var thrown = await Assert.ThrowsAsync<AmazonClientException>(() => credentials.GetCredentialsAsync());

        Assert.Contains("credentials endpoint", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_EndpointHangs_IsAClearErrorAfterTheTimeoutOfTheClockGiven()
    {
        var time = new ManualTimeProvider();
        using var endpoint = new HangingEndpoint();
        using var credentials = new ContainerCredentials(new("http://127.0.0.1:9001/"), null, endpoint, time);

        var asked = credentials.GetCredentialsAsync();
        await endpoint.Asked.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(2));
        var thrown = await Assert.ThrowsAsync<AmazonClientException>(() => asked.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Contains("credentials endpoint", thrown.Message, StringComparison.Ordinal);
    }

    private sealed class HangingEndpoint : HttpMessageHandler
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    [Fact]
    public void Settings_Printed_HoldNoSecret()
    {
        var text = (Keys with { SecretAccessKey = "geheim", SessionToken = "geheim", ContainerAuthorizationToken = "geheim" }).ToString();

        Assert.DoesNotContain("geheim", text, StringComparison.Ordinal);
    }

    private static string UrlOf(AwsOptions aws)
    {
        using var client = CloudWatchLogsClientFactory.Create(aws);
        return client.Config.ServiceURL;
    }

    /// <summary>Returns new credentials at every request, with the lifetimes in the list (the last one for ever).</summary>
    private sealed class CredentialsEndpoint(params TimeSpan[] lives) : HttpMessageHandler
    {
        public List<string?> Authorizations { get; } = [];

        public (int Status, string Body)? Answer { get; init; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Authorizations.Add(request.Headers.TryGetValues("Authorization", out var values) ? values.Single() : null);
            var (status, body) = Answer ?? (200, JsonSerializer.Serialize(new
            {
                AccessKeyId = "AKIDEXAMPLE",
                SecretAccessKey = FakeCloudWatchLogs.Secret,
                Token = "session" + Authorizations.Count,
                Expiration = DateTimeOffset.UtcNow + lives[Math.Min(Authorizations.Count, lives.Length) - 1],
            }));
            return Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) });
        }
    }
}
