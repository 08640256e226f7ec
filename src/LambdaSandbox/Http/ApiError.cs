using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>An error response in the format that all three APIs share.</summary>
internal sealed class ApiError(int status, string errorType, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string ErrorType { get; } = errorType;

    public Task WriteAsync(HttpContext context) => context.WriteJsonAsync(
        Status, new JsonObject { ["errorMessage"] = Message, ["errorType"] = ErrorType });
}
