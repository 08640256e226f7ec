namespace TelemetryExtension.Configuration;

/// <summary>The region, credentials and endpoints of AWS, from the environment variables only. No profile and no instance metadata is read.</summary>
internal sealed record AwsOptions(
    string? Region = null,
    string? AccessKeyId = null,
    string? SecretAccessKey = null,
    string? SessionToken = null,
    string? ContainerCredentialsUri = null,
    string? ContainerAuthorizationToken = null,
    string? LogsEndpoint = null,
    string? SecretsManagerEndpoint = null,
    string? SsmEndpoint = null,
    bool UseFips = false,
    bool UseDualStack = false,
    string? MetadataApi = null,
    string? MetadataToken = null,
    bool IsSnapStart = false)
{
    public static AwsOptions From(Variables variables) => new(
        variables.Text("AWS_REGION") ?? variables.Text("AWS_DEFAULT_REGION"),
        variables.Text("AWS_ACCESS_KEY_ID"),
        variables.Text("AWS_SECRET_ACCESS_KEY"),
        variables.Text("AWS_SESSION_TOKEN"),
        variables.Text("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        variables.Text("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        variables.Text("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS") ?? variables.Text("AWS_ENDPOINT_URL"),
        variables.Text("AWS_ENDPOINT_URL_SECRETS_MANAGER") ?? variables.Text("AWS_ENDPOINT_URL"),
        variables.Text("AWS_ENDPOINT_URL_SSM") ?? variables.Text("AWS_ENDPOINT_URL"),
        variables.Bool("AWS_USE_FIPS_ENDPOINT", false),
        variables.Bool("AWS_USE_DUALSTACK_ENDPOINT", false),
        variables.Text("AWS_LAMBDA_METADATA_API"),
        variables.Text("AWS_LAMBDA_METADATA_TOKEN"),
        variables.Text("AWS_LAMBDA_INITIALIZATION_TYPE") is "snap-start");

    /// <summary>Keeps the secrets out of every log line.</summary>
    public override string ToString() => $"{nameof(AwsOptions)} {{ Region = {Region}, AccessKeyId = {AccessKeyId} }}";
}
