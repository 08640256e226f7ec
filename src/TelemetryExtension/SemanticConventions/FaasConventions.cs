namespace TelemetryExtension.SemanticConventions;

/// <summary>Attribute names on spans and log records. OpenTelemetry semantic conventions 1.44.0; the FaaS group is in status Development.</summary>
internal static class FaasConventions
{
    public const string InvocationId = "faas.invocation_id";
    public const string ColdStart = "faas.coldstart";
    public const string InvokedArn = "aws.lambda.invoked_arn";
    public const string ErrorType = "error.type";

    // Ours: the conventions have no name for these yet.
    public const string TenantId = "aws.lambda.tenant_id";
    public const string InitializationType = "aws.lambda.initialization_type";
    public const string InitPhase = "aws.lambda.init_phase";
}
