using System.Net;
using System.Text;
using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.Secrets;
using TelemetryExtension.Tests.Destinations.CloudWatch;

namespace TelemetryExtension.Tests.Secrets;

/// <summary>Reads from moto, which is another project's implementation of Secrets Manager and the Parameter Store.</summary>
public sealed class SecretMotoTests(MotoServer moto) : IClassFixture<MotoServer>
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private AwsOptions Aws => moto.Aws with { SecretsManagerEndpoint = moto.Url.ToString(), SsmEndpoint = moto.Url.ToString() };

    [Fact]
    public async Task Read_SecretsAndParameters_AreRead()
    {
        Assert.SkipWhen(moto.Missing is not null, moto.Missing ?? "");
        var text = await CreateSecretAsync("a", "SecretString", "{\"token\":\"t1\"}");
        var binary = await CreateSecretAsync("b", "SecretBinary", Convert.ToBase64String("pem"u8));
        var parameters = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => CreateParameterAsync($"p{number}", $"value {number}")));

        SecretSource[] sources = [Source(text), Source(binary), .. parameters.Select(Source), Source(text.Replace(_name, "missing", StringComparison.Ordinal)), Source(parameters[0] + "9")];
        var answers = await new AwsSecretReader(Aws).ReadAsync(sources, isFresh: false, Cancelled);

        Assert.Equal(sources.Length, answers.Count);
        var bySource = answers.ToDictionary(answer => answer.Source);
        Assert.Equal(("{\"token\":\"t1\"}", "pem"), (bySource[sources[0]].Text, bySource[sources[1]].Text));
        Assert.Equal(Enumerable.Range(0, 12).Select(number => $"value {number}"), sources[2..14].Select(source => bySource[source].Text));
        Assert.StartsWith("ResourceNotFoundException", bySource[sources[14]].Problem, StringComparison.Ordinal);
        Assert.Equal("there is no such parameter", bySource[sources[15]].Problem);
    }

    [Fact]
    public async Task Read_VersionStage_IsTheOlderValue()
    {
        Assert.SkipWhen(moto.Missing is not null, moto.Missing ?? "");
        var arn = await CreateSecretAsync("a", "SecretString", "old");
        await CallAsync("secretsmanager", "secretsmanager.PutSecretValue", $"{{\"SecretId\":\"{arn}\",\"SecretString\":\"new\",\"ClientRequestToken\":\"{Guid.NewGuid()}\"}}");
        SecretSource[] sources = [Source(arn), Source(arn + "?versionStage=AWSPREVIOUS")];

        var answers = await new AwsSecretReader(Aws).ReadAsync(sources, isFresh: false, Cancelled);

        Assert.Equal(["new", "old"], answers.Select(answer => answer.Text));
    }

    [Fact]
    public async Task Read_NobodyAnswers_SaysWhyForEach()
    {
        var nobody = Aws with { SecretsManagerEndpoint = "http://127.0.0.1:1/", SsmEndpoint = "http://127.0.0.1:1/" };
        var answers = await new AwsSecretReader(nobody).ReadAsync([FakeSecretReader.Key, FakeSecretReader.Host], isFresh: false, Cancelled);

        Assert.All(answers, answer => Assert.Equal((null, true), (answer.Text, answer.Problem!.Contains("refused", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Read_NoCredentials_SaysSo()
    {
        var answer = Assert.Single(await new AwsSecretReader(new AwsOptions("eu-west-1")).ReadAsync([FakeSecretReader.Key], isFresh: false, Cancelled));
        Assert.Contains("no credentials", answer.Problem, StringComparison.Ordinal);
    }

    private static SecretSource Source(string text) => SecretReference.TryParse(text)!.Source;

    private async Task<string> CreateSecretAsync(string name, string member, string value) =>
        (await CallAsync("secretsmanager", "secretsmanager.CreateSecret", $"{{\"Name\":\"{_name}/{name}\",\"{member}\":{JsonSerializer.Serialize(value)},\"ClientRequestToken\":\"{Guid.NewGuid()}\"}}"))
        .GetProperty("ARN").GetString()!;

    private async Task<string> CreateParameterAsync(string name, string value)
    {
        await CallAsync("ssm", "AmazonSSM.PutParameter", $"{{\"Name\":\"/{_name}/{name}\",\"Value\":\"{value}\",\"Type\":\"SecureString\"}}");
        return $"arn:aws:ssm:eu-west-1:123456789012:parameter/{_name}/{name}";
    }

    private async Task<JsonElement> CallAsync(string service, string target, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, moto.Url);
        request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
        request.Content = new StringContent(body, Encoding.UTF8, "application/x-amz-json-1.1");
        using var response = await http.SendAsync(request, Cancelled);
        var json = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(response.StatusCode == HttpStatusCode.OK, json);
        return JsonDocument.Parse(json).RootElement;
    }
}
