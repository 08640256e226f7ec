namespace TelemetryExtension.Processing.Resources;

/// <summary>What the platform has reported about the environment. Everything may be unknown.</summary>
/// <param name="AccountId">From the response to Register.</param>
/// <param name="FunctionName">From the response to Register.</param>
/// <param name="FunctionVersion">From the response to Register.</param>
/// <param name="InstanceId">From platform.initStart or restoreStart, usually the name of the log stream.</param>
/// <param name="MaxMemory">instanceMaxMemory of the same events, in bytes.</param>
/// <param name="InvokedFunctionArn">From the INVOKE event, with the qualifier of the invocation if there was one.</param>
/// <param name="RuntimeVersion">Of a managed runtime, from platform.initStart or restoreStart.</param>
/// <param name="RuntimeVersionArn">From the same events.</param>
/// <param name="AvailabilityZone">The zone's id, from the metadata endpoint.</param>
internal sealed record LambdaFacts(
    string? AccountId = null,
    string? FunctionName = null,
    string? FunctionVersion = null,
    string? InstanceId = null,
    long? MaxMemory = null,
    string? InvokedFunctionArn = null,
    string? RuntimeVersion = null,
    string? RuntimeVersionArn = null,
    string? AvailabilityZone = null);
