namespace TelemetryExtension.Aws;

/// <summary>A service of the AWS JSON 1.1 protocol.</summary>
/// <param name="Id">Its name in the SDKs.</param>
/// <param name="SigningName">Its name in signatures, and the first part of its host.</param>
/// <param name="Target">The prefix of the operation in X-Amz-Target.</param>
internal sealed record JsonService(string Id, string SigningName, string Target);
