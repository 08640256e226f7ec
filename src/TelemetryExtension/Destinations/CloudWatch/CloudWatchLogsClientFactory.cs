using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// Builds the SDK client out of <see cref="AwsOptions"/> alone. Costs milliseconds of CPU and must not be called before the first Next:
/// hand it on as a <see cref="Lazy{T}"/>.
/// </summary>
internal static class CloudWatchLogsClientFactory
{
    /// <summary>For a command line that has time to wait.</summary>
    public const int PatientRetries = 5;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    // The service closes connections that are silent for longer; a request on such a one would be a try lost.
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(20);

    /// <summary>False, and what is missing, when the environment names no region, no usable endpoint or no credentials.</summary>
    /// <param name="retries">By the SDK, with pauses; without any the caller has a schedule of its own (<see cref="OneTryClient"/>).</param>
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

    /// <summary>The client for somebody who cannot go on without one; throws <see cref="AmazonClientException"/>, which senders treat as any other failure.</summary>
    public static AmazonCloudWatchLogsClient Create(AwsOptions aws, HttpMessageHandler? handler = null, int retries = 0) =>
        TryCreate(aws, out var client, out var problem, handler, retries) ? client! : throw new AmazonClientException(problem);

    /// <summary>An endpoint that somebody names wins over the switches for FIPS and dual stack, which choose among AWS's own.</summary>
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

    /// <summary>Everything that Core would otherwise look up in profile files, in the environment or over the network is said here.</summary>
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

    /// <summary>No timeout of its own: every call is bounded by the caller's cancellation token.</summary>
    private sealed class OneHttpClient(Uri endpoint, HttpMessageHandler? handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(handler ?? Connections(), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };

        private SocketsHttpHandler Connections()
        {
            var connections = OutboundHandler.Create(endpoint, default, IDestination.MaxRequests, new([], TimeProvider.System));
            connections.ConnectTimeout = ConnectTimeout;
            connections.PooledConnectionIdleTimeout = MaxSilence;
            return connections;
        }
    }
}
