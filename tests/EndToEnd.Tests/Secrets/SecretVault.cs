using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests.Secrets;

/// <summary>Puts secrets into moto's Secrets Manager and Parameter Store by their own APIs. The signature is made up: moto looks only at the region in it.</summary>
internal sealed class SecretVault(Uri url) : IDisposable
{
    private const string Region = "eu-west-1";
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The ARN of a new secret.</summary>
    /// <param name="kmsKey">The key that encrypts it. Null for that of the account.</param>
    public async Task<string> CreateAsync(string value, string? kmsKey = null)
    {
        var body = new JsonObject { ["Name"] = $"otlp/{Guid.NewGuid():N}", ["SecretString"] = value, ["ClientRequestToken"] = Guid.NewGuid().ToString() };
        if (kmsKey is not null)
            body["KmsKeyId"] = kmsKey;
        return (string)(await CallAsync("secretsmanager", "secretsmanager.CreateSecret", body))["ARN"]!;
    }

    /// <summary>The ARN of a new key of KMS.</summary>
    public async Task<string> CreateKmsKeyAsync() => (string)(await CallAsync("kms", "TrentService.CreateKey", []))["KeyMetadata"]!["Arn"]!;

    public Task RotateAsync(string arn, string value) => CallAsync("secretsmanager", "secretsmanager.PutSecretValue", new()
    {
        ["SecretId"] = arn,
        ["SecretString"] = value,
        ["ClientRequestToken"] = Guid.NewGuid().ToString(),
    });

    /// <summary>The ARN of a new SecureString parameter.</summary>
    public async Task<string> CreateParameterAsync(string value, string? kmsKey = null)
    {
        var name = $"/otlp/{Guid.NewGuid():N}";
        var body = new JsonObject { ["Name"] = name, ["Value"] = value, ["Type"] = "SecureString" };
        if (kmsKey is not null)
            body["KeyId"] = kmsKey;
        await CallAsync("ssm", "AmazonSSM.PutParameter", body);
        return $"arn:aws:ssm:{Region}:123456789012:parameter{name}";
    }

    public async Task<string> ReadParameterAsync(string arn, bool decrypted) => (string)(await CallAsync(
        "ssm", "AmazonSSM.GetParameter", new() { ["Name"] = arn.Split(":parameter")[1], ["WithDecryption"] = decrypted }))["Parameter"]!["Value"]!;

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
