using System.Net;
using System.Net.Http.Headers;

namespace TelemetryExtension.Export;

/// <summary>
/// OTLP over HTTP/1.1 in binary protobuf. Redirects are not followed: they would carry credentials elsewhere.
/// </summary>
internal sealed class OtlpHttpDestination(string name, OtlpEndpoint?[] endpoints, OutboundConnections connections, TimeProvider time)
    : IDestination, IDisposable
{
    private const int MaxResponseBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);
    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");

    public string Name { get; } = name;

    public bool Accepts(Signal signal) => endpoints[(int)signal] is not null;

    public bool IsCold => connections.IsCold;

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var endpoint = endpoints[(int)payload.Signal]!;
        using var timeout = new AttemptTimeout(endpoint.Timeout, time, cancellationToken);
        try
        {
            var body = endpoint.Gzip ? GzipBody.Compress(payload.Body.Span) : payload.Body;
            return await connections.SendAsync(() => Request(endpoint, payload, body), ReadAsync, timeout.Token);
        }
        catch (Exception exception)
        {
            return timeout.Failure(exception, cancellationToken);
        }
    }

    public void Dispose() => connections.Dispose();

    private static HttpRequestMessage Request(OtlpEndpoint endpoint, OtlpPayload payload, ReadOnlyMemory<byte> body)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = Protobuf;
        if (endpoint.Gzip)
            content.Headers.ContentEncoding.Add("gzip");
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url)
        {
            Content = content,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        OutboundHeaders.Add(request, endpoint, payload);
        return request;
    }

    private async ValueTask<DeliveryResult> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var retryAfter = response.Headers.TryGetValues("Retry-After", out var values) ? values.FirstOrDefault() : null;
        var contentType = response.Content.Headers.ContentType?.MediaType;
        var status = (int)response.StatusCode;
        byte[] body;
        // With a status that came at the very end of the time the body is usually there already, and it may say that records were rejected.
        using var moment = cancellationToken.IsCancellationRequested ? new CancellationTokenSource(Moment, time) : null;
        try
        {
            body = await BoundedBody.ReadAsync(response.Content, MaxResponseBytes, moment?.Token ?? cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The status has been said; a body that is cut short, or does not come in time, does not change it. Its connection is not used again.
            body = [];
        }

        return OtlpHttpResponse.Classify(status, body, contentType, retryAfter, time.GetUtcNow());
    }
}
