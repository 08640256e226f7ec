using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using TelemetryExtension.Aws;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// Builds the SDK client from <see cref="AwsOptions"/> alone. It costs milliseconds of CPU, so do not call it before the first Next: pass it on as a <see
/// cref="Lazy{T}"/>.
/// </summary>
internal static class CloudWatchLogsClientFactory
{
    /// <summary>Retries for a command line, which has time to wait.</summary>
    public const int PatientRetries = 5;

    /// <summary>Creates the client. Returns false with the problem when the environment has no region, no usable endpoint or no credentials.</summary>
    /// <param name="retries">Retries by the SDK, with pauses. 0 when the caller has its own schedule (<see cref="OneTryClient"/>).</param>
    public static bool TryCreate(AwsOptions aws, out AmazonCloudWatchLogsClient? client, out string problem, HttpMessageHandler? handler = null, int retries = 0)
    {
        client = null;
        if (aws.Region is not { } region)
            problem = "AWS_REGION is not set";
        else if (EndpointOf(aws, region) is not { } endpoint)
            problem = "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS or AWS_ENDPOINT_URL is not a URL";
        else if (AwsCredentials.Of(aws, out problem) is { } credentials)
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

    private static AmazonCloudWatchLogsConfig ConfigOf(string region, Uri endpoint, HttpMessageHandler? handler, int retries)
    {
        var config = new AmazonCloudWatchLogsConfig();
        AwsClientSettings.Apply(config, region, endpoint, IDestination.MaxRequests, handler, retries);
        return config;
    }
}
