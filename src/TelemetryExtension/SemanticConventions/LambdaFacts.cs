namespace TelemetryExtension.SemanticConventions;

/// <summary>What the platform told us so far about the environment; everything may be unknown.</summary>
/// <param name="AccountId">From the answer to Register.</param>
/// <param name="FunctionName">From the answer to Register.</param>
/// <param name="FunctionVersion">From the answer to Register.</param>
/// <param name="InstanceId">From platform.initStart or restoreStart: as a rule the log stream's name.</param>
/// <param name="MaxMemory">instanceMaxMemory of the same events, as sent: MB or bytes.</param>
internal sealed record LambdaFacts(
    string? AccountId = null,
    string? FunctionName = null,
    string? FunctionVersion = null,
    string? InstanceId = null,
    long? MaxMemory = null)
{
    // Documentation shows 256, real events 268435456. No function has less than 65536 bytes or more than 65535 MB.
    public long? MaxMemoryBytes => MaxMemory is not > 0 ? null : MaxMemory < 65536 ? MaxMemory * 1024 * 1024 : MaxMemory;
}
