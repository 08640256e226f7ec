namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>What registering told about the function. <see cref="AccountId"/> only where the platform knows the accountId feature.</summary>
internal sealed record RegisterResponse(string FunctionName, string FunctionVersion, string? AccountId);
