using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Serving;

/// <summary>Converts a function's answer in payload format 2.0 into an HTTP response.</summary>
internal sealed record HttpAnswer(int Status, JsonObject Headers, JsonArray Cookies, byte[] Body)
{
    public const string PreludeType = "application/vnd.awslambda.http-integration-response";
    private const int Separator = 8;

    /// <summary>An object with statusCode is a complete response. Anything else is the body of a 200.</summary>
    public static HttpAnswer Parse(byte[] response)
    {
        try
        {
            if (JsonNode.Parse(response) is JsonObject { } answer && answer["statusCode"] is JsonValue status && TryInt(status, out var code))
                return new HttpAnswer(code, answer["headers"] as JsonObject ?? [], answer["cookies"] as JsonArray ?? [], BodyOf(answer));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // The answer is not JSON or not in this format, so it is passed on unchanged.
        }

        return new HttpAnswer(200, new JsonObject { ["Content-Type"] = "application/json" }, [], response);
    }

    /// <summary>Parses the head of a streamed answer: JSON, eight zero bytes, then the body.</summary>
    /// <returns>Null while the head is incomplete, otherwise the head with the first part of the body.</returns>
    public static HttpAnswer? ParsePrelude(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf(new byte[Separator]);
        if (end < 0)
            return null;
        var head = JsonNode.Parse(received[..end])!.AsObject();
        return new HttpAnswer(
            head["statusCode"] is JsonValue status && TryInt(status, out var code) ? code : 200,
            head["headers"] as JsonObject ?? [], head["cookies"] as JsonArray ?? [], received[(end + Separator)..].ToArray());
    }

    public void WriteHead(HttpResponse response)
    {
        response.StatusCode = Status;
        foreach (var (name, value) in Headers)
            if (value is not null && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                response.Headers[name] = Text(value);
        foreach (var cookie in Cookies.OfType<JsonNode>())
            response.Headers.Append("Set-Cookie", Text(cookie));
        if (!response.Headers.ContainsKey("Content-Type"))
            response.ContentType = "application/json";
    }

    private static byte[] BodyOf(JsonObject answer)
    {
        var text = answer["body"] is { } body ? Text(body) : "";
        return answer["isBase64Encoded"] is JsonValue encoded && encoded.TryGetValue<bool>(out var yes) && yes
            ? Convert.FromBase64String(text)
            : Encoding.UTF8.GetBytes(text);
    }

    private static string Text(JsonNode node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString();

    private static bool TryInt(JsonValue value, out int number) =>
        value.TryGetValue(out number) || (value.TryGetValue<string>(out var text) && int.TryParse(text, out number));
}
