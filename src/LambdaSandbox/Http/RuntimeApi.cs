using System.Text;
using System.Text.RegularExpressions;
using LambdaSandbox.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Http;

/// <summary>The Runtime API 2018-06-01.</summary>
internal sealed partial class RuntimeApi(PlatformState platform)
{
    private const string Root = "/2018-06-01/runtime";
    private const int MaxPayload = (6 * 1024 * 1024) + 100;

    public void Map(WebApplication app)
    {
        app.MapGet("/2018-06-01/ping", () => "pong");
        app.MapGet(Root + "/invocation/next", NextAsync);
        app.MapPost(Root + "/invocation/{id}/response", ResponseAsync);
        app.MapPost(Root + "/invocation/{id}/error", ErrorAsync);
        app.MapPost(Root + "/init/error", InitErrorAsync);
        app.MapGet(Root + "/restore/next", RestoreNextAsync);
        app.MapPost(Root + "/restore/error", RestoreErrorAsync);
    }

    private bool Overlaps => platform.Options.InitializationType == InitializationType.ManagedInstances;

    private async Task NextAsync(HttpContext context)
    {
        var isFirst = platform.Current is { RuntimeFirstNextAt: null };
        var generation = platform.Gate.Do(() =>
        {
            var current = Current();
            if (!Overlaps && current.Runtime is RuntimeState.Running or RuntimeState.InitError)
                throw InvalidTransition(current, RuntimeState.Ready);
            var now = DateTimeOffset.UtcNow;
            current.RuntimeFirstNextAt ??= now;
            current.RegistrationClosed = true;
            current.Runtime = RuntimeState.Ready;
            foreach (var done in current.Active.Values.Where(i => i.HasAnswered).ToList())
            {
                done.RuntimeDoneAt ??= now;
                current.Active.Remove(done.RequestId);
            }

            return current;
        });

        if (isFirst)
            platform.Reached(LifePoint.Ready, generation.RuntimeProcess?.Name);
        await platform.Gate.WaitAsync(() => generation.Offered.Count > 0 || generation.HasEnded, context.RequestAborted).ConfigureAwait(false);
        var invocation = platform.Gate.Do(() =>
        {
            if (context.RequestAborted.IsCancellationRequested || !generation.Offered.TryDequeue(out var next))
                return null;
            next.HandedAt = DateTimeOffset.UtcNow;
            generation.Runtime = RuntimeState.Running;
            generation.Active[next.RequestId] = next;
            return next;
        });
        if (invocation is null)
        {
            context.Abort();
            return;
        }

        context.Offer("Lambda-Runtime-Aws-Request-Id", invocation.RequestId);
        context.Offer("Lambda-Runtime-Invocation-Id", invocation.InvocationId);
        context.Offer("Lambda-Runtime-Deadline-Ms", $"{invocation.Deadline.ToUnixTimeMilliseconds()}");
        context.Offer("Lambda-Runtime-Invoked-Function-Arn", platform.FunctionArn);
        context.Offer("Lambda-Runtime-Trace-Id", invocation.Trace.Header);
        context.Offer("Lambda-Runtime-Client-Context", invocation.Options.ClientContext);
        context.Offer("Lambda-Runtime-Cognito-Identity", invocation.Options.CognitoIdentity);
        context.Offer("Lambda-Runtime-Aws-Tenant-Id", invocation.Options.TenantId);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(invocation.Payload, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task ResponseAsync(HttpContext context, string id)
    {
        var mode = context.Header("Lambda-Runtime-Function-Response-Mode");
        if (mode is not (null or "streaming" or "buffered"))
            throw new ApiError(400, "InvalidFunctionResponseMode", $"Invalid function response mode {mode}");
        var invocation = Begin(context, id);
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
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private async Task ErrorAsync(HttpContext context, string id)
    {
        var invocation = Begin(context, id);
        var body = await ReadAsync(context, invocation, streaming: false).ConfigureAwait(false);
        Answer(invocation, body, new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), Encoding.UTF8.GetString(body)));
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private async Task InitErrorAsync(HttpContext context)
    {
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            var current = Current();
            if (current.Runtime != RuntimeState.Started)
                throw InvalidTransition(current, RuntimeState.InitError);
            current.Runtime = RuntimeState.InitError;
            current.InitError = new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), body);
        });
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private async Task RestoreNextAsync(HttpContext context)
    {
        var generation = platform.Gate.Do(() =>
        {
            var current = Current();
            if (platform.Options.InitializationType != InitializationType.SnapStart || current.Runtime != RuntimeState.Started)
                throw InvalidTransition(current, RuntimeState.Restoring);
            current.Runtime = RuntimeState.Restoring;
            current.RegistrationClosed = true;
            current.RestoreNextAt = DateTimeOffset.UtcNow;
            return current;
        });
        await platform.Gate.WaitAsync(() => generation.RestoreReleased || generation.HasEnded, context.RequestAborted).ConfigureAwait(false);
        if (generation.HasEnded)
            context.Abort();
    }

    private async Task RestoreErrorAsync(HttpContext context)
    {
        var body = await context.ReadBodyAsync().ConfigureAwait(false);
        platform.Gate.Do(() =>
        {
            var current = Current();
            if (current.Runtime != RuntimeState.Restoring)
                throw InvalidTransition(current, RuntimeState.InitError);
            current.Runtime = RuntimeState.InitError;
            current.InitError = new InvocationError(Normalise(context.Header("Lambda-Runtime-Function-Error-Type")), body);
        });
        await context.WriteJsonAsync(202, HttpContextExtensions.StatusOk).ConfigureAwait(false);
    }

    private Invocation Begin(HttpContext context, string id) => platform.Gate.Do(() =>
    {
        var current = Current();
        if (current.Expired.Contains(id))
            throw new ApiError(410, "InvokeTimeout", "Invocation has timed out");
        if (!current.Active.TryGetValue(id, out var invocation) || invocation.ResponseStartedAt is not null)
            throw new ApiError(400, "InvalidRequestID", "Invalid request ID");
        if (context.Header("Lambda-Runtime-Invocation-Id") is { } echoed && echoed != invocation.InvocationId)
            throw new ApiError(400, "InvalidInvocationId", "Invalid invocation ID");
        invocation.ResponseStartedAt = DateTimeOffset.UtcNow;
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
            throw new ApiError(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
        }

        if (!streaming && body.Length > MaxPayload)
        {
            var message = $"Exceeded maximum allowed payload size ({MaxPayload} bytes).";
            Answer(invocation, [], new InvocationError("Function.ResponseSizeTooLarge", message));
            throw new ApiError(413, "RequestEntityTooLarge", message);
        }

        return body.ToArray();
    }

    /// <summary>Collects the body, and forwards each part of a streamed one.</summary>
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

    private void Keep(Invocation invocation, byte[] body, InvocationError? error)
    {
        invocation.Options.Response?.End(error);
        invocation.ResponseEndedAt = DateTimeOffset.UtcNow;
        invocation.ProducedBytes = body.Length;
        invocation.Error = error;
        invocation.Response = error is null ? Encoding.UTF8.GetString(body) : null;
        if (platform.Current is { Runtime: RuntimeState.Running } current)
            current.Runtime = RuntimeState.Answered;
    }

    private Generation Current() =>
        platform.Current ?? throw new ApiError(403, "InvalidStateTransition", "no environment is running");

    private static ApiError InvalidTransition(Generation generation, RuntimeState target) =>
        new(403, "InvalidStateTransition", $"State transition from {generation.Runtime} to {target} is not allowed");

    private static string Normalise(string? errorType) => errorType switch
    {
        not null when ErrorTypes().IsMatch(errorType) => errorType,
        not null when errorType.StartsWith("Function.", StringComparison.Ordinal) => "Function.Unknown",
        _ => "Runtime.Unknown",
    };

    private static string? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? Encoding.UTF8.GetString(bytes, 0, count) : null;
    }

    [GeneratedRegex(@"^(Runtime|Function)\.[A-Z][a-zA-Z]+$")]
    private static partial Regex ErrorTypes();
}
