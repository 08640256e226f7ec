using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>Where AWS is and who we are, as Lambda (or a person) says it in the environment. Nothing else is asked: no profile, no instance metadata.</summary>
internal sealed record AwsSettings(
    [property: ConfigurationKeyName("AWS_REGION")] string? Region = null,
    [property: ConfigurationKeyName("AWS_DEFAULT_REGION")] string? DefaultRegion = null,
    [property: ConfigurationKeyName("AWS_ACCESS_KEY_ID")] string? AccessKeyId = null,
    [property: ConfigurationKeyName("AWS_SECRET_ACCESS_KEY")] string? SecretAccessKey = null,
    [property: ConfigurationKeyName("AWS_SESSION_TOKEN")] string? SessionToken = null,
    [property: ConfigurationKeyName("AWS_CONTAINER_CREDENTIALS_FULL_URI")] string? ContainerCredentialsUri = null,
    [property: ConfigurationKeyName("AWS_CONTAINER_AUTHORIZATION_TOKEN")] string? ContainerAuthorizationToken = null,
    [property: ConfigurationKeyName("AWS_ENDPOINT_URL")] string? EndpointUrl = null,
    [property: ConfigurationKeyName("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS")] string? EndpointUrlCloudWatchLogs = null)
{
    /// <summary>The secrets stay out of every log line.</summary>
    public override string ToString() => $"AwsSettings {{ Region = {Region ?? DefaultRegion}, AccessKeyId = {AccessKeyId} }}";
}
