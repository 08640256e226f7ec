using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

internal static class HttpContextExtensions
{
    public static JsonObject StatusOk => new() { ["status"] = "OK" };

    public static async Task WriteJsonAsync(this HttpContext context, int status, JsonNode body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted).ConfigureAwait(false);
    }

    public static async Task<string> ReadBodyAsync(this HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
    }

    public static string? Header(this HttpContext context, string name) =>
        context.Request.Headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Sets the header unless the value is missing.</summary>
    public static void Offer(this HttpContext context, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            context.Response.Headers[name] = value;
    }
}
