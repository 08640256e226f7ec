using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Serving;

/// <summary>An error response in the format of Lambda's own API.</summary>
internal sealed class InvokeError(int status, string type, string message, string? reason = null) : Exception(message)
{
    public int Status => status;

    public static InvokeError TooManyRequests() =>
        new(429, "TooManyRequestsException", "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded");

    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["x-amzn-ErrorType"] = type;
        context.Response.ContentType = "application/json";
        var body = new JsonObject { ["Type"] = status >= 500 ? "Service" : "User", ["message"] = Message };
        if (reason is not null)
            body["Reason"] = reason;
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
