using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using TelemetryExtension.Aws;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>What requests to AWS's OTLP endpoints need beside OTLP: a signature with the role of the function, and the names of log group and stream.</summary>
/// <param name="names">For the placeholders in names of groups and streams.</param>
/// <param name="logs">Creates a missing group or stream.</param>
internal sealed class AwsRequests(AwsOptions aws, Func<LogNameValues> names, Lazy<AmazonCloudWatchLogsClient> logs, TimeProvider time)
{
    private const string GroupHeader = "x-aws-log-group";
    private const string StreamHeader = "x-aws-log-stream";

    /// <summary>The function's own group and stream, which Lambda creates.</summary>
    private const string DefaultGroup = "/aws/lambda/{function}";

    /// <summary>AWS refuses a signature that is older or newer than 5 minutes.</summary>
    private static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(4);

    private readonly Lazy<AWSCredentials> _source = new(() => AwsCredentials.Of(aws, out var problem) ?? throw new AmazonClientException(problem), LazyThreadSafetyMode.PublicationOnly);
    private TimeSpan _skew;

    /// <exception cref="AmazonClientException">There are no credentials.</exception>
    public Task<ImmutableCredentials> CredentialsAsync(CancellationToken cancellationToken) => _source.Value.GetCredentialsAsync().WaitAsync(cancellationToken);

    /// <summary>The last step before a request is sent.</summary>
    /// <param name="credentials">Null for a request with a bearer token.</param>
    /// <returns>How far the clock of the signature is ahead of ours, for <see cref="NoteClock"/>.</returns>
    public TimeSpan Complete(HttpRequestMessage request, OtlpEndpoint endpoint, ReadOnlySpan<byte> body, ImmutableCredentials? credentials)
    {
        var service = endpoint.Aws!;
        if (service.Name == AwsService.Logs)
        {
            var (group, stream) = LogTarget(endpoint);
            Set(GroupHeader, group);
            Set(StreamHeader, stream);
        }

        var skew = _skew;
        if (credentials is not null)
            SigV4.Sign(request, body, credentials, service.Name, service.Region, time.GetUtcNow() + skew);
        return skew;

        void Set(string name, string value)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>
    /// Compares the server's clock with that of a signature. True when they were too far apart and the next signature will have the server's time. A
    /// request that was sent beside another may learn that the other has corrected the clock already.
    /// </summary>
    /// <param name="signedWith">What <see cref="Complete"/> returned for the request.</param>
    public bool NoteClock(DateTimeOffset? serverTime, TimeSpan signedWith)
    {
        if (serverTime is not { } server || (server - time.GetUtcNow() - signedWith).Duration() < MaxSkew)
            return false;
        _skew = server - time.GetUtcNow();
        return true;
    }

    /// <summary>Creates the group or the stream of an endpoint, which must both exist. False when that fails too.</summary>
    public async Task<bool> TryCreateLogTargetAsync(OtlpEndpoint endpoint, CancellationToken cancellationToken)
    {
        var (group, stream) = LogTarget(endpoint);
        try
        {
            await LogStreams.CreateAsync(logs.Value, group, stream, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private (string Group, string Stream) LogTarget(OtlpEndpoint endpoint)
    {
        var now = time.GetUtcNow();
        return (LogNames.Group(Value(GroupHeader) ?? DefaultGroup, names(), now), LogNames.Stream(Value(StreamHeader) ?? CloudWatchOptions.DefaultStream, names(), now));

        string? Value(string name) => endpoint.Headers.FirstOrDefault(header => header.Key == name).Value;
    }
}
