namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>The facts about the function in the answer to Register. <see cref="AccountId"/> is null where the platform lacks the accountId feature.</summary>
internal sealed record RegisterResponse(string FunctionName, string FunctionVersion, string? AccountId);
