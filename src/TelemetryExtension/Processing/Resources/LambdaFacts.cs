namespace TelemetryExtension.Processing.Resources;

/// <summary>What the platform told us so far about the environment; everything may be unknown.</summary>
/// <param name="AccountId">From the answer to Register.</param>
/// <param name="FunctionName">From the answer to Register.</param>
/// <param name="FunctionVersion">From the answer to Register.</param>
/// <param name="InstanceId">From platform.initStart or restoreStart: as a rule the log stream's name.</param>
/// <param name="MaxMemory">instanceMaxMemory of the same events, in bytes.</param>
/// <param name="InvokedFunctionArn">From the INVOKE event; with a qualifier where the function was invoked with one.</param>
internal sealed record LambdaFacts(
    string? AccountId = null,
    string? FunctionName = null,
    string? FunctionVersion = null,
    string? InstanceId = null,
    long? MaxMemory = null,
    string? InvokedFunctionArn = null);
