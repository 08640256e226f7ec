using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests.Secrets;

/// <summary>Puts secrets into moto's Secrets Manager and Parameter Store by their own APIs. The signature is made up: moto looks only at the region in it.</summary>
internal sealed class SecretVault(Uri url) : IDisposable
{
    private const string Region = "eu-west-1";
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The ARN of a new secret.</summary>
    public async Task<string> CreateAsync(string value) => (string)(await CallAsync("secretsmanager", "secretsmanager.CreateSecret", new()
    {
        ["Name"] = $"otlp/{Guid.NewGuid():N}",
        ["SecretString"] = value,
        ["ClientRequestToken"] = Guid.NewGuid().ToString(),
    }))["ARN"]!;

    public Task RotateAsync(string arn, string value) => CallAsync("secretsmanager", "secretsmanager.PutSecretValue", new()
    {
        ["SecretId"] = arn,
        ["SecretString"] = value,
        ["ClientRequestToken"] = Guid.NewGuid().ToString(),
    });

    /// <summary>The ARN of a new SecureString parameter.</summary>
    public async Task<string> CreateParameterAsync(string value)
    {
        var name = $"/otlp/{Guid.NewGuid():N}";
        await CallAsync("ssm", "AmazonSSM.PutParameter", new() { ["Name"] = name, ["Value"] = value, ["Type"] = "SecureString" });
        return $"arn:aws:ssm:{Region}:123456789012:parameter{name}";
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonNode> CallAsync(string service, string target, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        request.Headers.Add("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential=test/20260101/{Region}/{service}/aws4_request, SignedHeaders=host, Signature=0");
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, answer);
        return JsonNode.Parse(answer)!;
    }
}
