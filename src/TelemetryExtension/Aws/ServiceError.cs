using System.Text;
using System.Text.Json;
using Amazon.Runtime.Internal.Transform;

namespace TelemetryExtension.Aws;

/// <summary>
/// An error response of the AWS JSON 1.1 protocol: the service's name for the error, and its message. The SDK's own reader falls back to XML, which would
/// add an XML parser and its schema types to the binary.
/// </summary>
internal readonly record struct ServiceError(string? Code, string Message, string? RequestId)
{
    /// <summary>No error response of the service is longer. A longer body is not from the service.</summary>
    private const int MaxBytes = 64 * 1024;

    private const int MaxQuotedCharacters = 512;

    public static ServiceError Read(JsonUnmarshallerContext context)
    {
        var body = LimitedBody.Read(context.Stream, MaxBytes);
        var (code, message) = ReadJson(body);
        code ??= Header(context, "x-amzn-ErrorType");
        code = code?[(code.LastIndexOf('#') + 1)..].Split(':')[0];
        message ??= Header(context, "x-amzn-error-message") ?? Describe(body);
        return new(code is { Length: > 0 } ? code : null, message, Header(context, "x-amzn-RequestId"));
    }

    private static (string? Code, string? Message) ReadJson(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? (Text(json.RootElement, "__type") ?? Text(json.RootElement, "code"), Text(json.RootElement, "message") ?? Text(json.RootElement, "Message"))
                : default;
        }
        catch (JsonException)
        {
            // The body is a proxy's page, or empty.
            return default;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static string? Header(JsonUnmarshallerContext context, string name) =>
        context.ResponseData.IsHeaderPresent(name) && context.ResponseData.GetHeaderValue(name) is { Length: > 0 } value ? value : null;

    private static string Describe(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        return text.Length == 0 ? "an error without a body" : "an error with the body: " + (text.Length > MaxQuotedCharacters ? text[..MaxQuotedCharacters] + "..." : text);
    }
}
