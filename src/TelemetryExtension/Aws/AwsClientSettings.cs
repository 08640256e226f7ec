using Amazon.Runtime;
using TelemetryExtension.Network;

namespace TelemetryExtension.Aws;

/// <summary>The settings of every AWS client. They are complete, so that the SDK looks up nothing in profile files, in the environment or over the network.</summary>
internal static class AwsClientSettings
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    // The services close connections that are idle for longer, and a request on a closed connection fails.
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(20);

    /// <param name="handler">Replaces the connections, for tests.</param>
    /// <param name="retries">How often the SDK retries, with pauses.</param>
    public static void Apply(ClientConfig config, string region, Uri endpoint, int maxConnections, HttpMessageHandler? handler, int retries)
    {
        config.IgnoreConfiguredEndpointUrls = true;
        config.ServiceURL = endpoint.ToString();
        config.AuthenticationRegion = region;
        config.DefaultConfigurationMode = DefaultConfigurationMode.Standard;
        config.RetryMode = RequestRetryMode.Standard;
        config.MaxErrorRetry = retries;
        config.UseDualstackEndpoint = false;
        config.UseFIPSEndpoint = false;
        config.EndpointDiscoveryEnabled = false;
        config.DisableRequestCompression = true;
        config.RequestMinCompressionSizeBytes = 0;
        config.AccountIdEndpointMode = AccountIdEndpointMode.DISABLED;
        config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
        config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
        config.AuthSchemePreference = [];
        config.SigV4aSigningRegionSet = [];
        config.ClientAppId = "";
        config.DisableLogging = true;
        config.HttpClientFactory = new OneHttpClient(endpoint, maxConnections, handler);
    }

    /// <summary>Has no timeout, because the caller's cancellation token limits every call.</summary>
    private sealed class OneHttpClient(Uri endpoint, int maxConnections, HttpMessageHandler? handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(handler ?? Connections(), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };

        private SocketsHttpHandler Connections()
        {
            var connections = OutboundHandler.Create(endpoint, default, maxConnections, new([], TimeProvider.System));
            connections.ConnectTimeout = ConnectTimeout;
            connections.PooledConnectionIdleTimeout = MaxIdle;
            return connections;
        }
    }
}
