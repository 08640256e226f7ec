using System.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Serving;

/// <summary>Serves the function on the web: under /url as a function URL, under /http-api as an API Gateway HTTP API.</summary>
internal sealed class FunctionUrl(EnvironmentPool pool, ServedFunction function)
{
    public void Map(WebApplication app)
    {
        app.Map("/url/{**path}", context => HandleAsync(context, "/url", isUrl: true));
        app.Map("/http-api/{**path}", context => HandleAsync(context, "/http-api", isUrl: false));
    }

    private async Task HandleAsync(HttpContext context, string prefix, bool isUrl)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        var path = context.Request.Path.Value![prefix.Length..];
        var root = function.Options.Tracing == TracingMode.None ? null : HttpEvent.NewTraceRoot();
        var feed = new ResponseFeed();
        var options = new InvokeOptions { RequestId = Guid.NewGuid().ToString(), Response = feed, TraceHeader = TraceHeader(context, root) };
        var item = HttpEvent.Create(context, path.Length == 0 ? "/" : path, body.ToArray(), isUrl, function.Options, options.RequestId, root);
        var running = pool.InvokeAsync(item.ToJsonString(), options, wait: function.IsPlayed, function.Stopping);
        try
        {
            await InvokeApi.BeganAsync(feed, running).ConfigureAwait(false);
            if (isUrl && feed.Head.Result is { Streaming: true } head)
                await StreamAsync(context, feed, head).ConfigureAwait(false);
            else
                await BufferAsync(context, feed, running, isUrl).ConfigureAwait(false);
        }
        catch (InvokeError e) when (e.Status == 429)
        {
            context.Response.StatusCode = isUrl ? 429 : 503;
            await context.Response.WriteAsync("{\"message\":\"Service Unavailable\"}", context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            feed.Abandon();
        }
    }

    private static async Task BufferAsync(HttpContext context, ResponseFeed feed, Task<PooledInvocation?> running, bool isUrl)
    {
        using var collected = new MemoryStream();
        await foreach (var chunk in feed.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
            collected.Write(chunk);
        if (await InvokeApi.EndAsync(feed, running).ConfigureAwait(false) is not null)
        {
            context.Response.StatusCode = isUrl ? 502 : 500;
            context.Response.ContentType = isUrl ? "text/plain" : "application/json";
            await context.Response.WriteAsync(isUrl ? "Internal Server Error" : "{\"message\":\"Internal Server Error\"}", context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var answer = HttpAnswer.Parse(collected.ToArray());
        answer.WriteHead(context.Response);
        if (context.Response.StatusCode is not (204 or 304))
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, ResponseFeed feed, ResponseHead head)
    {
        var response = context.Response;
        var hasPrelude = head.ContentType?.StartsWith(HttpAnswer.PreludeType, StringComparison.Ordinal) ?? false;
        List<byte> prelude = [];
        if (!hasPrelude)
            response.ContentType = head.ContentType ?? "application/octet-stream";
        await foreach (var received in feed.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
        {
            var chunk = received;
            if (hasPrelude)
            {
                prelude.AddRange(chunk);
                if (HttpAnswer.ParsePrelude([.. prelude]) is not { } answer)
                    continue;
                answer.WriteHead(response);
                (hasPrelude, chunk) = (false, answer.Body);
            }

            await response.Body.WriteAsync(chunk, context.RequestAborted).ConfigureAwait(false);
            await response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }

        if (await feed.Ended.ConfigureAwait(false) is null)
            return;
        if (response.HasStarted)
        {
            // The head is already sent, so only a cut connection can show that the response is incomplete.
            context.Abort();
            return;
        }

        response.StatusCode = 502;
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes("Internal Server Error"), context.RequestAborted).ConfigureAwait(false);
    }

    private string? TraceHeader(HttpContext context, string? root)
    {
        if (root is null)
            return null;
        var given = context.Request.Headers["X-Amzn-Trace-Id"].ToString();
        var sampled = function.Options.Tracing == TracingMode.Active ? 1 : 0;
        return given.Length > 0 ? given : $"Root={root};Parent={RandomNumberGenerator.GetHexString(16, lowercase: true)};Sampled={sampled}";
    }
}
