using Amazon.Runtime;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Aws;

/// <summary>The credentials of the function's role. They come only from its environment, never from a profile or from instance metadata.</summary>
internal static class AwsCredentials
{
    /// <summary>Null when the environment has no credentials; <paramref name="problem"/> then says what is missing.</summary>
    public static AWSCredentials? Of(AwsOptions aws, out string problem)
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
}
