using System.Text.Json;
using Amazon.Runtime;
using TelemetryExtension.Aws;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Secrets;

/// <summary>
/// Reads from Secrets Manager and the Parameter Store with the role of the function. It reads secrets concurrently, one per request, because
/// BatchGetSecretValue needs a permission for all secrets. It reads up to ten parameters per request. It creates clients at their first use.
/// </summary>
internal sealed class AwsSecretReader(AwsOptions aws) : ISecretReader
{
    private const int MaxConnections = 6;
    private const int MaxParameters = 10;
    private const int MaxProblem = 300;

    private static readonly JsonService SecretsManager = new("Secrets Manager", "secretsmanager", "secretsmanager");
    private static readonly JsonService ParameterStore = new("SSM", "ssm", "AmazonSSM");

    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonServiceClient> _clients = [];

    public async Task<IReadOnlyList<SecretAnswer>> ReadAsync(IReadOnlyList<SecretSource> sources, bool isFresh, CancellationToken cancellationToken)
    {
        var secrets = sources.Where(static source => source.Service == SecretService.SecretsManager).Select(static source => new[] { source });
        var parameters = sources.Where(static source => source.Service == SecretService.ParameterStore)
            .GroupBy(static source => source.Region).SelectMany(static group => group.Chunk(MaxParameters));
        var answers = await Task.WhenAll(secrets.Concat(parameters).Select(batch => BatchAsync(batch, cancellationToken))).ConfigureAwait(false);
        return [.. answers.SelectMany(static each => each)];
    }

    private async Task<IEnumerable<SecretAnswer>> BatchAsync(SecretSource[] batch, CancellationToken cancellationToken)
    {
        try
        {
            var client = Client(batch[0]);
            return batch[0].Service == SecretService.SecretsManager
                ? [SecretAnswers.OfSecret(batch[0], await CallAsync(client, "GetSecretValue", SecretAnswers.GetSecretValue(batch[0]), cancellationToken).ConfigureAwait(false))]
                : await ParametersAsync(client, batch, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // A boundary: whatever goes wrong costs this batch only.
            var problem = exception switch
            {
                AmazonServiceException { ErrorCode: { Length: > 0 } code } => $"{code}: {exception.Message}",
                OperationCanceledException => "no answer in time",
                AmazonClientException or AmazonServiceException or HttpRequestException or IOException or JsonException => Reason.Of(exception),
                _ => Reason.OfBug(exception),
            };
            return batch.Select(source => new SecretAnswer(source, null, problem.Length > MaxProblem ? problem[..MaxProblem] : problem));
        }
    }

    /// <summary>Asks by ARN, which works across accounts, and then by name for missing parameters, because emulators know only names.</summary>
    private static async Task<IEnumerable<SecretAnswer>> ParametersAsync(JsonServiceClient client, SecretSource[] batch, CancellationToken cancellationToken)
    {
        var found = await AskAsync(batch, static source => source.Arn).ConfigureAwait(false);
        var missing = found.Where(static answer => answer.Text is null).Select(static answer => answer.Source).ToArray();
        return missing.Length == 0
            ? found
            : [.. found.Where(static answer => answer.Text is not null), .. await AskAsync(missing, SecretAnswers.NameOf).ConfigureAwait(false)];

        async Task<List<SecretAnswer>> AskAsync(SecretSource[] sources, Func<SecretSource, string> name) =>
            [.. SecretAnswers.OfParameters(sources, await CallAsync(client, "GetParameters", SecretAnswers.GetParameters(sources.Select(name)), cancellationToken).ConfigureAwait(false))];
    }

    /// <summary>Ends on cancellation even while the SDK fetches credentials, which it does without the token.</summary>
    private static Task<JsonDocument> CallAsync(JsonServiceClient client, string operation, byte[] body, CancellationToken cancellationToken) =>
        client.CallAsync(operation, body, cancellationToken).WaitAsync(cancellationToken);

    private JsonServiceClient Client(SecretSource source)
    {
        lock (_gate)
        {
            var isSecret = source.Service == SecretService.SecretsManager;
            var key = $"{(isSecret ? SecretsManager : ParameterStore).Id} {source.Region}";
            if (_clients.TryGetValue(key, out var client))
                return client;
            var (service, endpoint) = isSecret ? (SecretsManager, aws.SecretsManagerEndpoint) : (ParameterStore, aws.SsmEndpoint);
            endpoint ??= $"https://{AwsPartition.Host(service.SigningName, source.Region, aws.UseFips, aws.UseDualStack, fipsIsDefault: service == ParameterStore)}/";
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
                throw new AmazonClientException($"the AWS_ENDPOINT_URL for {service.Id} is not a URL");
            var credentials = AwsCredentials.Of(aws, out var problem) ?? throw new AmazonClientException(problem);
            client = JsonServiceClient.Create(credentials, service, source.Region, url, MaxConnections);
            _clients.Add(key, client);
            return client;
        }
    }
}
