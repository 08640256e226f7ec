using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// Builds the SDK client from <see cref="AwsOptions"/> alone. It costs milliseconds of CPU, so do not call it before the first Next: pass it on as a <see
/// cref="Lazy{T}"/>.
/// </summary>
internal static class CloudWatchLogsClientFactory
{
    /// <summary>Retries for a command line, which has time to wait.</summary>
    public const int PatientRetries = 5;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    // The service closes connections that are idle for longer. A request on a closed connection would be a wasted attempt.
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(20);

    /// <summary>Creates the client. Returns false with the problem when the environment has no region, no usable endpoint or no credentials.</summary>
    /// <param name="retries">Retries by the SDK, with pauses. 0 when the caller has its own schedule (<see cref="OneTryClient"/>).</param>
    public static bool TryCreate(AwsOptions aws, out AmazonCloudWatchLogsClient? client, out string problem, HttpMessageHandler? handler = null, int retries = 0)
    {
        client = null;
        if (aws.Region is not { } region)
            problem = "AWS_REGION is not set";
        else if (EndpointOf(aws, region) is not { } endpoint)
            problem = "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS or AWS_ENDPOINT_URL is not a URL";
        else if (CredentialsOf(aws, out problem) is { } credentials)
            client = retries == 0
                ? new OneTryClient(credentials, ConfigOf(region, endpoint, handler, retries))
                : new AmazonCloudWatchLogsClient(credentials, ConfigOf(region, endpoint, handler, retries));
        return client is not null;
    }

    /// <summary>Creates the client, or throws <see cref="AmazonClientException"/>, which senders treat like any other failure.</summary>
    public static AmazonCloudWatchLogsClient Create(AwsOptions aws, HttpMessageHandler? handler = null, int retries = 0) =>
        TryCreate(aws, out var client, out var problem, handler, retries) ? client! : throw new AmazonClientException(problem);

    /// <summary>A configured endpoint overrides the switches for FIPS and dual stack, which choose among AWS's own endpoints.</summary>
    private static Uri? EndpointOf(AwsOptions aws, string region)
    {
        var text = aws.LogsEndpoint ?? $"https://{AwsPartition.Host("logs", region, aws.UseFips, aws.UseDualStack, fipsIsDefault: true)}/";
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;
    }

    private static AWSCredentials? CredentialsOf(AwsOptions aws, out string problem)
    {
        problem = "";
        if (aws.AccessKeyId is { } key && aws.SecretAccessKey is { } secret)
            return aws.SessionToken is { } token ? new SessionAWSCredentials(key, secret, token) : new BasicAWSCredentials(key, secret);
        if (aws.ContainerCredentialsUri is not { } text)
            problem = "there are no credentials: neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set";
        else if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !ContainerCredentials.IsTrusted(uri))
            problem = "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither local nor https";
        else
            return new ContainerCredentials(uri, aws.ContainerAuthorizationToken);
        return null;
    }

    /// <summary>Sets everything that the SDK would otherwise look up in profile files, in the environment or over the network.</summary>
    private static AmazonCloudWatchLogsConfig ConfigOf(string region, Uri endpoint, HttpMessageHandler? handler, int retries) => new()
    {
        IgnoreConfiguredEndpointUrls = true,
        ServiceURL = endpoint.ToString(),
        AuthenticationRegion = region,
        DefaultConfigurationMode = DefaultConfigurationMode.Standard,
        RetryMode = RequestRetryMode.Standard,
        MaxErrorRetry = retries,
        UseDualstackEndpoint = false,
        UseFIPSEndpoint = false,
        EndpointDiscoveryEnabled = false,
        DisableRequestCompression = true,
        RequestMinCompressionSizeBytes = 0,
        AccountIdEndpointMode = AccountIdEndpointMode.DISABLED,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        AuthSchemePreference = [],
        SigV4aSigningRegionSet = [],
        ClientAppId = "",
        DisableLogging = true,
        HttpClientFactory = new OneHttpClient(endpoint, handler),
    };

    /// <summary>Sets no timeout, because the caller's cancellation token limits every call.</summary>
    private sealed class OneHttpClient(Uri endpoint, HttpMessageHandler? handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(handler ?? Connections(), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };

        private SocketsHttpHandler Connections()
        {
            var connections = OutboundHandler.Create(endpoint, default, IDestination.MaxRequests, new([], TimeProvider.System));
            connections.ConnectTimeout = ConnectTimeout;
            connections.PooledConnectionIdleTimeout = MaxIdle;
            return connections;
        }
    }
}
