using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Answers one request. An exception becomes a 500. Expected failures are answers.</summary>
internal delegate Task HttpHandler(HttpExchange exchange);

/// <summary>One request and its answer, through the few server features that the extension uses, without an HttpContext.</summary>
internal sealed class HttpExchange(IFeatureCollection features)
{
    private readonly IHttpRequestFeature _request = features.GetRequiredFeature<IHttpRequestFeature>();
    private readonly IHttpResponseFeature _response = features.GetRequiredFeature<IHttpResponseFeature>();

    public string Method => _request.Method;

    /// <summary>The decoded path, without the query.</summary>
    public string Path => _request.Path;

    public IHeaderDictionary RequestHeaders => _request.Headers;

    public long? ContentLength => _request.Headers.ContentLength;

    public PipeReader RequestBody => features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;

    /// <summary>Cancelled when the connection or the stream is gone.</summary>
    public CancellationToken Aborted => features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;

    public int StatusCode
    {
        get => _response.StatusCode;
        set => _response.StatusCode = value;
    }

    public bool HasStarted => _response.HasStarted;

    public IHeaderDictionary ResponseHeaders => _response.Headers;

    public PipeWriter ResponseBody => features.GetRequiredFeature<IHttpResponseBodyFeature>().Writer;

    internal HttpHandler? Handler => features.Get<HttpHandler>();

    /// <summary>Adds a trailer. HTTP/2 only, because HTTP/1.1 has no trailers feature.</summary>
    public void Trailer(string name, StringValues value)
    {
        if (features.Get<IHttpResponseTrailersFeature>() is { } trailers)
            trailers.Trailers[name] = value;
    }

    /// <summary>Sets status, type and length, and writes the body, which may be empty.</summary>
    public async Task AnswerAsync(int statusCode, string? contentType, ReadOnlyMemory<byte> body)
    {
        StatusCode = statusCode;
        if (contentType is not null)
            ResponseHeaders.ContentType = contentType;
        ResponseHeaders.ContentLength = body.Length;
        if (body.Length > 0)
            await ResponseBody.WriteAsync(body, Aborted).ConfigureAwait(false);
    }
}
