using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Serving;

/// <summary>Converts an HTTP request into an event in payload format 2.0, of a function URL or of an API Gateway HTTP API.</summary>
/// <remarks>https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads</remarks>
internal static class HttpEvent
{
    private const string ApiId = "sandboxurl";

    /// <param name="path">The path without the prefix of this endpoint.</param>
    /// <param name="traceRoot">The Root in the trace header.</param>
    public static JsonObject Create(HttpContext context, string path, byte[] body, bool isUrl, SandboxOptions options, string requestId, string? traceRoot)
    {
        var request = context.Request;
        var domain = isUrl ? $"{ApiId}.lambda-url.{options.Region}.on.aws" : $"{ApiId}.execute-api.{options.Region}.amazonaws.com";
        var now = DateTimeOffset.UtcNow;
        var source = context.Connection.RemoteIpAddress?.MapToIPv4().ToString() ?? "127.0.0.1";
        var text = IsText(request.ContentType);
        var item = new JsonObject
        {
            ["version"] = "2.0",
            ["routeKey"] = "$default",
            ["rawPath"] = path,
            ["rawQueryString"] = request.QueryString.HasValue ? request.QueryString.Value![1..] : "",
        };
        if (request.Headers.Cookie.Count > 0)
            item["cookies"] = new JsonArray([.. request.Headers.Cookie.SelectMany(each => each!.Split(';', StringSplitOptions.TrimEntries)).Select(each => (JsonNode)each)]);
        item["headers"] = Headers(request, source, traceRoot);
        if (request.Query.Count > 0)
            item["queryStringParameters"] = new JsonObject(request.Query.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)string.Join(',', pair.Value.ToArray()))));
        item["requestContext"] = new JsonObject
        {
            ["accountId"] = isUrl ? "anonymous" : options.AccountId,
            ["apiId"] = ApiId,
            ["domainName"] = domain,
            ["domainPrefix"] = ApiId,
            ["http"] = new JsonObject
            {
                ["method"] = request.Method,
                ["path"] = path,
                ["protocol"] = request.Protocol,
                ["sourceIp"] = source,
                ["userAgent"] = request.Headers.UserAgent.ToString(),
            },
            ["requestId"] = requestId,
            ["routeKey"] = "$default",
            ["stage"] = "$default",
            ["time"] = now.ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture),
            ["timeEpoch"] = now.ToUnixTimeMilliseconds(),
        };
        if (body.Length > 0)
            item["body"] = text ? Encoding.UTF8.GetString(body) : Convert.ToBase64String(body);
        item["isBase64Encoded"] = body.Length > 0 && !text;
        return item;
    }

    public static string NewTraceRoot() =>
        $"1-{DateTimeOffset.UtcNow.ToUnixTimeSeconds():x8}-{RandomNumberGenerator.GetHexString(24, lowercase: true)}";

    private static JsonObject Headers(HttpRequest request, string source, string? traceRoot)
    {
        var headers = new JsonObject();
        foreach (var (name, value) in request.Headers)
            if (!name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) && !name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
                headers[name.ToLowerInvariant()] = string.Join(',', value.ToArray());
        headers["x-forwarded-for"] = source;
        headers["x-forwarded-port"] = $"{request.Host.Port ?? 80}";
        headers["x-forwarded-proto"] = request.Scheme;
        if (traceRoot is not null)
            headers["x-amzn-trace-id"] ??= $"Root={traceRoot}";
        return headers;
    }

    private static bool IsText(string? contentType)
    {
        var type = contentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "application/json";
        return type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("json", StringComparison.Ordinal) || type.EndsWith("xml", StringComparison.Ordinal)
            || type.EndsWith("javascript", StringComparison.Ordinal);
    }
}
