using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Serving;

/// <summary>Lambda's Invoke API, for `aws lambda invoke` and the AWS SDKs. Every function name refers to the one function.</summary>
/// <remarks>https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html</remarks>
internal sealed class InvokeApi(EnvironmentPool pool, EventQueue events, ServedFunction function)
{
    private const int MaxPayload = 6 * 1024 * 1024;
    private const int MaxEventPayload = 1024 * 1024;

    public void Map(WebApplication app)
    {
        app.MapPost("/2015-03-31/functions/{name}/invocations", InvokeAsync);
        app.MapPost("/2021-11-15/functions/{name}/response-streaming-invocations", InvokeWithResponseStreamAsync);
    }

    private async Task InvokeAsync(HttpContext context)
    {
        var type = Header(context, "X-Amz-Invocation-Type") ?? "RequestResponse";
        var limit = type == "Event" ? MaxEventPayload : MaxPayload;
        var (payload, options) = await ReadAsync(context, limit, "InvokeFunction").ConfigureAwait(false);
        context.Response.Headers["X-Amzn-RequestId"] = options.RequestId;
        switch (type)
        {
            case "DryRun":
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            case "Event":
                if (!events.TryAdd(payload, options))
                    throw InvokeError.TooManyRequests();
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                return;
            case "RequestResponse":
                await RespondAsync(context, payload, options).ConfigureAwait(false);
                return;
            default:
                throw new InvokeError(400, "InvalidParameterValueException", $"Value '{type}' at 'invocationType' is not one of RequestResponse, Event, DryRun");
        }
    }

    private async Task RespondAsync(HttpContext context, string payload, InvokeOptions options)
    {
        var feed = options.Response!;
        var running = Start(payload, options);
        var error = await EndAsync(feed, running).ConfigureAwait(false);
        var response = context.Response;
        response.Headers["X-Amz-Executed-Version"] = function.Version;
        response.ContentType = "application/json";
        if (error is not null)
            response.Headers["X-Amz-Function-Error"] = "Unhandled";
        using var body = new MemoryStream();
        await foreach (var chunk in feed.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
            body.Write(chunk);

        // Lambda writes the log's last line, REPORT, when runtime and extensions are done.
        if (Header(context, "X-Amz-Log-Type") == "Tail" && await running.ConfigureAwait(false) is { } done)
            response.Headers["X-Amz-Log-Result"] = LogTail.Encode(done, function);
        var bytes = error is null ? body.ToArray() : Encoding.UTF8.GetBytes(error.Body ?? "null");
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task InvokeWithResponseStreamAsync(HttpContext context)
    {
        if (Header(context, "X-Amz-Invocation-Type") == "DryRun")
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var (payload, options) = await ReadAsync(context, MaxPayload, "InvokeWithResponseStream").ConfigureAwait(false);
        var feed = options.Response!;
        var running = Start(payload, options);
        await BeganAsync(feed, running).ConfigureAwait(false);
        var response = context.Response;
        response.Headers["X-Amzn-RequestId"] = options.RequestId;
        response.Headers["X-Amz-Executed-Version"] = function.Version;
        response.ContentType = "application/vnd.amazon.eventstream";
        try
        {
            await foreach (var chunk in feed.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
            {
                await response.Body.WriteAsync(EventStream.Encode("PayloadChunk", "application/octet-stream", chunk), context.RequestAborted).ConfigureAwait(false);
                await response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }
        }
        finally
        {
            feed.Abandon();
        }

        var complete = new JsonObject();
        if (await EndAsync(feed, running).ConfigureAwait(false) is { } error)
            (complete["ErrorCode"], complete["ErrorDetails"]) = (error.ErrorType, error.Body ?? "");
        if (Header(context, "X-Amz-Log-Type") == "Tail" && await running.ConfigureAwait(false) is { } done)
            complete["LogResult"] = LogTail.Encode(done, function);
        var last = EventStream.Encode("InvokeComplete", "application/json", Encoding.UTF8.GetBytes(complete.ToJsonString()));
        await response.Body.WriteAsync(last, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A caller that disconnects does not end the invocation, as on Lambda.</summary>
    private Task<PooledInvocation?> Start(string payload, InvokeOptions options) =>
        pool.InvokeAsync(payload, options, wait: function.IsPlayed, function.Stopping);

    /// <summary>Waits for the response's first byte, or for the invocation's end.</summary>
    internal static async Task BeganAsync(ResponseFeed feed, Task<PooledInvocation?> running)
    {
        if (await Task.WhenAny(feed.Head, running).ConfigureAwait(false) == running && await running.ConfigureAwait(false) is null)
            throw InvokeError.TooManyRequests();
        await feed.Head.ConfigureAwait(false);
    }

    /// <summary>Waits for the end of the response. Runtime and extensions may still work then.</summary>
    internal static async Task<InvocationError?> EndAsync(ResponseFeed feed, Task<PooledInvocation?> running)
    {
        if (await Task.WhenAny(feed.Ended, running).ConfigureAwait(false) == running && await running.ConfigureAwait(false) is null)
            throw InvokeError.TooManyRequests();
        return await feed.Ended.ConfigureAwait(false);
    }

    private static async Task<(string Payload, InvokeOptions Options)> ReadAsync(HttpContext context, int limit, string operation)
    {
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false) is > 0 and var count)
        {
            if (body.Length + count > limit)
                throw new InvokeError(413, "RequestTooLargeException", $"Request must be smaller than {limit} bytes for the {operation} operation");
            body.Write(buffer, 0, count);
        }

        var payload = Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
        if (payload.Length == 0)
            payload = "{}";
        if (Problem(payload) is { } problem)
            throw new InvokeError(400, "InvalidRequestContentException", $"Could not parse request body into json: {problem}");
        return (payload, new InvokeOptions
        {
            RequestId = Guid.NewGuid().ToString(),
            ClientContext = ClientContext(Header(context, "X-Amz-Client-Context")),
            TenantId = Header(context, "X-Amz-Tenant-Id"),
            TraceHeader = Header(context, "X-Amzn-Trace-Id"),
            Response = new ResponseFeed(),
        });
    }

    private static string? ClientContext(string? header)
    {
        if (header is null)
            return null;
        var bytes = new byte[header.Length];
        var text = Convert.TryFromBase64String(header, bytes, out var count) ? Encoding.UTF8.GetString(bytes, 0, count) : "";
        if (text.Length == 0 || Problem(text) is not null)
            throw new InvokeError(400, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
        return text;
    }

    private static string? Problem(string json)
    {
        try
        {
            JsonDocument.Parse(json).Dispose();
            return null;
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    private static string? Header(HttpContext context, string name) =>
        context.Request.Headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;
}
