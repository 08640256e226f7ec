using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace TelemetryExtension.Aws;

/// <summary>Signs every operation with Signature Version 4.</summary>
internal sealed class SigV4AuthHandler : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
}

/// <summary>Sends every operation to the URL from the settings.</summary>
internal sealed class ServiceUrlResolver : EndpointResolver
{
    public override Uri DetermineEndpoint(IRequestContext requestContext) => new(requestContext.ClientConfig.ServiceURL);
}
