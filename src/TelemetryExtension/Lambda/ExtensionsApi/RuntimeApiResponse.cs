using System.Text;

namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>An answer of Lambda's local API. <see cref="ExtensionId"/> is the Lambda-Extension-Identifier header, or null.</summary>
internal readonly record struct RuntimeApiResponse(int Status, string? ExtensionId, byte[] Body)
{
    /// <summary>For log lines: the status and the start of the body.</summary>
    public override string ToString()
    {
        var text = Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 300)));
        return text.Length == 0 ? $"{Status} without a body" : $"{Status} {text}";
    }
}
