using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace Amazon.CloudWatchLogs.Internal;

/// <summary>Every operation of the service is signed with Signature Version 4.</summary>
internal sealed class SigV4AuthHandler : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
}

/// <summary>Every operation goes to the URL of the settings.</summary>
internal sealed class ServiceUrlResolver : EndpointResolver
{
    public override Uri DetermineEndpoint(IRequestContext requestContext) => new(requestContext.ClientConfig.ServiceURL);
}
