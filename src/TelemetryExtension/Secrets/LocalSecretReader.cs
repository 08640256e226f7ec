using System.Globalization;
using System.Text.Json;
using Amazon.Runtime;
using TelemetryExtension.Aws;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;

namespace TelemetryExtension.Secrets;

/// <summary>
/// Asks AWS's Parameters and Secrets extension on localhost first, if the function has it, because it shares its cache with the function. That extension
/// refuses in the init phase, and its cache misses rotations. So the stores themselves answer for secrets that it does not return or that must be fresh.
/// </summary>
/// <param name="port">Its port. Null means the default port, if the layer of that extension is present.</param>
internal sealed class LocalSecretReader(AwsOptions aws, int? port, ISecretReader stores) : ISecretReader
{
    private const int DefaultPort = 2773;
    private const string File = "/opt/extensions/AWSParametersAndSecretsLambdaExtension";

    private readonly Lazy<HttpClient?> _http = new(() => port is null && !System.IO.File.Exists(File) ? null : Connect(port ?? DefaultPort));

    public async Task<IReadOnlyList<SecretAnswer>> ReadAsync(IReadOnlyList<SecretSource> sources, bool isFresh, CancellationToken cancellationToken)
    {
        if (isFresh || _http.Value is not { } http)
            return await stores.ReadAsync(sources, isFresh, cancellationToken).ConfigureAwait(false);
        var token = await TokenAsync().ConfigureAwait(false);
        var answers = await Task.WhenAll(sources.Select(source => AskAsync(http, source, token, cancellationToken))).ConfigureAwait(false);
        var others = answers.Where(static answer => answer.Text is null).Select(static answer => answer.Source).ToList();
        return others.Count == 0
            ? answers
            : [.. answers.Where(static answer => answer.Text is not null), .. await stores.ReadAsync(others, isFresh, cancellationToken).ConfigureAwait(false)];
    }

    internal static string PathOf(SecretSource source)
    {
        var name = Uri.EscapeDataString(source.Arn);
        return source.Service == SecretService.ParameterStore
            ? $"/systemsmanager/parameters/get?name={name}&withDecryption=true"
            : $"/secretsmanager/get?secretId={name}{(source.Version is { } version ? $"&{version.Name}={Uri.EscapeDataString(version.Value)}" : "")}";
    }

    private static async Task<SecretAnswer> AskAsync(HttpClient http, SecretSource source, string? token, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(source));
            request.Headers.TryAddWithoutValidation("X-Aws-Parameters-Secrets-Token", token);
            using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return new(source, null, $"HTTP {((int)response.StatusCode).ToString(CultureInfo.InvariantCulture)}");
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            if (source.Service == SecretService.SecretsManager)
                return SecretAnswers.OfSecret(source, json.RootElement);
            return json.RootElement.TryGetProperty("Parameter", out var parameter) && parameter.TryGetProperty("Value", out var value) ? new(source, value.GetString()) : new(source, null, "no value");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException)
        {
            return new(source, null, exception.GetType().Name);
        }
    }

    private async Task<string?> TokenAsync()
    {
        if (aws.SessionToken is not null)
            return aws.SessionToken;
        try
        {
            return AwsCredentials.Of(aws, out _) is { } credentials ? (await credentials.GetCredentialsAsync().ConfigureAwait(false)).Token : null;
        }
        catch (AmazonClientException)
        {
            return null;
        }
    }

    private static HttpClient Connect(int port)
    {
        var address = new Uri($"http://localhost:{port.ToString(CultureInfo.InvariantCulture)}");
        var handler = OutboundHandler.Create(address, default, maxConnections: 3, new([], TimeProvider.System));
        handler.UseProxy = false;
        return new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LimitedBody.MaxAnswerBytes };
    }
}
