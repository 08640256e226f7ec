using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using LambdaSandbox.Backend;

namespace LambdaSandbox.Tests.Backend;

/// <summary>A minimal OTLP client: one request, and the complete answer.</summary>
internal sealed class OtlpClient : IDisposable
{
    public const string TraceMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly HttpClient _http;

    public OtlpClient(HttpMessageHandler? handler = null)
    {
        _http = new(handler ?? new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(20) };
    }

    public async Task<HttpAnswer> PostAsync(
        string url, byte[] body, string contentType = "application/x-protobuf", string? encoding = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (encoding is not null)
            request.Content.Headers.Add("Content-Encoding", encoding);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, answer, response.Headers);
    }

    /// <param name="path">Replaces the path for traces.</param>
    /// <param name="frame">Replaces the proper frame around the message.</param>
    public async Task<GrpcAnswer> ExportAsync(
        string url, byte[] message, bool gzip = false, string path = TraceMethod, byte[]? frame = null, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame ?? GrpcFrame.Write(gzip ? RequestBody.Gzip(message) : message, gzip)),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        if (gzip || encoding is not null)
            request.Headers.Add("grpc-encoding", encoding ?? "gzip");
        request.Headers.Add("grpc-accept-encoding", "identity,gzip");

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var trailersOnly = response.Headers.Contains("grpc-status");
        var status = trailersOnly ? response.Headers : response.TrailingHeaders;
        var details = Value(status, "grpc-status-details-bin") is { } text
            ? Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')))
            : null;
        return new(
            response.StatusCode,
            Value(status, "grpc-status") is { } code ? int.Parse(code, System.Globalization.CultureInfo.InvariantCulture) : null,
            Uri.UnescapeDataString(Value(status, "grpc-message") ?? ""),
            body,
            details,
            trailersOnly);
    }

    public void Dispose() => _http.Dispose();

    private static string? Value(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.Single() : null;
}

internal sealed record HttpAnswer(HttpStatusCode Status, string? ContentType, byte[] Body, HttpResponseHeaders Headers)
{
    public T Decode<T>()
        where T : IMessage<T>, new()
    {
        var message = new T();
        message.MergeFrom(Body);
        return message;
    }
}

internal sealed record GrpcAnswer(HttpStatusCode Http, int? Status, string Message, byte[] Body, Google.Rpc.Status? Details, bool TrailersOnly);
