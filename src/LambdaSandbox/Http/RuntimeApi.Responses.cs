using System.Text;
using System.Text.Json.Nodes;
using LambdaSandbox.Platform;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>What the runtime sends back, and what becomes of an answer that is not right.</summary>
internal sealed partial class RuntimeApi
{
    private const int MaxPayload = (6 * 1024 * 1024) + 100;

    private async Task ResponseAsync(HttpContext context, string id)
    {
        var mode = context.Header("Lambda-Runtime-Function-Response-Mode");
        var invocation = Begin(context, id);
        if (mode is not (null or "streaming"))
        {
            Answer(invocation, [], new InvocationError("Runtime.InvalidResponseModeHeader", null));
            throw new ApiError(400, "InvalidFunctionResponseMode", "Invalid function response mode");
        }

        if (mode == "streaming")
            invocation.Options.Response?.Begin(streaming: true, context.Request.ContentType);
        var body = await ReadAsync(context, invocation, mode == "streaming").ConfigureAwait(false);
        if (mode != "streaming" && invocation.Options.Response is { } feed)
        {
            feed.Begin(streaming: false, context.Request.ContentType);
            await feed.WriteAsync(body).ConfigureAwait(false);
        }

        var trailer = context.Request.CheckTrailersAvailable() ? context.Request.GetTrailer("Lambda-Runtime-Function-Error-Type").ToString() : "";
        var error = trailer.Length == 0 ? null : new InvocationError(
            Normalise(trailer), FromBase64(context.Request.GetTrailer("Lambda-Runtime-Function-Error-Body").ToString()));
        Answer(invocation, body, error);
        Sent();
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private async Task ErrorAsync(HttpContext context, string id)
    {
        var invocation = Begin(context, id);
        var body = await ReadAsync(context, invocation, streaming: false).ConfigureAwait(false);
        Answer(invocation, body, new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), Encoding.UTF8.GetString(body)));
        Sent();
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private Invocation Begin(HttpContext context, string id) => platform.Gate.Do(() =>
    {
        var current = Current();
        if (current.Expired.Contains(id))
            throw new ApiError(410, "InvokeTimeout", "Invocation has timed out");
        if (!Overlaps && current.Runtime != RuntimeState.Running)
            throw InvalidTransition(current, RuntimeState.InvocationResponse);
        if (!current.Active.TryGetValue(id, out var invocation) || invocation.ResponseStartedAt is not null)
            throw new ApiError(400, "InvalidRequestID", "Invalid request ID");
        if (context.Header("Lambda-Runtime-Invocation-Id") is { } echoed && echoed != invocation.InvocationId)
            throw new ApiError(400, "InvalidInvocationId", "Invalid invocation ID");
        invocation.ResponseStartedAt = DateTimeOffset.UtcNow;
        if (!Overlaps)
            current.Runtime = RuntimeState.InvocationResponse;
        return invocation;
    });

    private async Task<byte[]> ReadAsync(HttpContext context, Invocation invocation, bool streaming)
    {
        using var body = new MemoryStream();
        try
        {
            await CopyAsync(context, body, streaming ? invocation.Options.Response : null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException or OperationCanceledException)
        {
            Answer(invocation, body.ToArray(), new InvocationError("Runtime.TruncatedResponse", null));
            Sent();
            throw new ApiError(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
        }

        if (!streaming && body.Length > MaxPayload)
        {
            const string type = "Function.ResponseSizeTooLarge";
            var caller = new JsonObject
            {
                ["errorMessage"] = $"Response payload size exceeded maximum allowed payload size ({MaxPayload} bytes).",
                ["errorType"] = type,
            };
            Answer(invocation, [], new InvocationError(type, caller.ToJsonString()));
            Sent();
            throw new ApiError(413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({MaxPayload} bytes).");
        }

        return body.ToArray();
    }

    /// <summary>Keeps the body, and hands each part of a streamed one on as it comes.</summary>
    private static async Task CopyAsync(HttpContext context, MemoryStream body, ResponseFeed? feed)
    {
        if (feed is null)
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false) is > 0 and var count)
        {
            body.Write(buffer, 0, count);
            await feed.WriteAsync(buffer[..count]).ConfigureAwait(false);
        }
    }

    private void Answer(Invocation invocation, byte[] body, InvocationError? error)
    {
        platform.Gate.Do(() => Keep(invocation, body, error));
        platform.Reached(LifePoint.Response);
    }

    private static void Keep(Invocation invocation, byte[] body, InvocationError? error)
    {
        invocation.Options.Response?.End(error);
        invocation.ResponseEndedAt = DateTimeOffset.UtcNow;
        invocation.ProducedBytes = body.Length;
        invocation.Error = error;
        invocation.Response = error is null ? Encoding.UTF8.GetString(body) : null;
    }

    /// <summary>The runtime may call Next now.</summary>
    private void Sent() => platform.Gate.Do(() =>
    {
        if (platform.Current is { Runtime: RuntimeState.InvocationResponse } current)
            current.Runtime = RuntimeState.Answered;
    });

    private static string? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? Encoding.UTF8.GetString(bytes, 0, count) : null;
    }
}
