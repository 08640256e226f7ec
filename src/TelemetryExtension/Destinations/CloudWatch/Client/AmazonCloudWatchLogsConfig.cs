using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Util.Internal;

namespace Amazon.CloudWatchLogs;

/// <summary>Settings of the client. <see cref="ClientConfig.ServiceURL"/> must be set, because this client contains no endpoint rules.</summary>
internal sealed class AmazonCloudWatchLogsConfig : ClientConfig
{
    private static readonly IDefaultConfiguration[] Defaults = [new DefaultConfiguration { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard }];

    public AmazonCloudWatchLogsConfig()
        : base(new DefaultConfigurationProvider(Defaults.AsEnumerable()))
    {
        ServiceId = "CloudWatch Logs";
        AuthenticationServiceName = "logs";
    }

    public override string RegionEndpointServiceName => "logs";

    public override string ServiceVersion => "2014-03-28";

    public override string UserAgent { get; } = InternalSDKUtils.BuildUserAgentString("CloudWatch Logs", "4.0.0");

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => new(ServiceURL);
}
