using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>
/// OTLP over gRPC: unary Export calls, framed by hand on HttpClient's HTTP/2 (with prior knowledge when there is no TLS). All requests share one
/// connection. The batch id is sent as metadata.
/// </summary>
internal sealed class OtlpGrpcDestination(string name, OtlpEndpoint?[] endpoints, OutboundConnections connections, TimeProvider time)
    : IDestination, IDisposable
{
    private const int MaxResponseBytes = 4 * 1024 * 1024;

    public string Name { get; } = name;

    public bool Accepts(Signal signal) => endpoints[(int)signal] is not null;

    public void Prepare(CancellationToken stop) => connections.Prepare(1, stop);

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var endpoint = endpoints[(int)payload.Signal]!;
        using var timeout = new AttemptTimeout(endpoint.Timeout, time, cancellationToken);
        try
        {
            var body = endpoint.Gzip ? GzipBody.Compress(payload.Body.Span) : payload.Body;
            return HiddenValues.Hide(await connections.SendAsync(() => Request(endpoint, payload, body), ReadAsync, timeout.Token), endpoint);
        }
        catch (Exception exception)
        {
            return FailedAttempt.Of(exception, timeout, cancellationToken);
        }
    }

    public void Dispose() => connections.Dispose();

    private static HttpRequestMessage Request(OtlpEndpoint endpoint, OtlpPayload payload, ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint.Origin + OtlpPaths.Grpc(payload.Signal)))
        {
            Content = new GrpcContent(body, endpoint.Gzip),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        if (endpoint.Gzip)
            request.Headers.TryAddWithoutValidation("grpc-encoding", "gzip");
        if (endpoint.Timeout > TimeSpan.Zero)
            request.Headers.TryAddWithoutValidation("grpc-timeout", TimeoutText(endpoint.Timeout));
        OutboundHeaders.Add(request, endpoint, payload);
        return request;
    }

    /// <summary>At most eight digits and a unit.</summary>
    private static string TimeoutText(TimeSpan timeout)
    {
        var ms = (long)timeout.TotalMilliseconds;
        return ms <= 99_999_999 ? ms.ToString(CultureInfo.InvariantCulture) + "m" : (ms / 1000).ToString(CultureInfo.InvariantCulture) + "S";
    }

    private async ValueTask<DeliveryResult> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // The trailers follow the body. A body that breaks off leaves the call without a status, so the extension may retry.
        var body = await BoundedBody.ReadAsync(response.Content, MaxResponseBytes, hasTrailers: true, cancellationToken);
        var status = Value(response.TrailingHeaders, "grpc-status") ?? Value(response.Headers, "grpc-status");
        var contentType = AnswerHeaders.Value(response.Content.Headers, "Content-Type");
        if (status is null && response.StatusCode == HttpStatusCode.OK)
            return contentType is null || contentType.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
                ? new(DeliveryStatus.Retryable, 0, "gRPC answer without a status")
                : new(DeliveryStatus.Refused, 0, $"HTTP 200 without a gRPC status ({contentType}): this is not a gRPC endpoint");
        var result = GrpcResponse.Classify(
            status,
            (int)response.StatusCode,
            Value(response.TrailingHeaders, "grpc-message") ?? Value(response.Headers, "grpc-message"),
            Value(response.TrailingHeaders, "grpc-status-details-bin") ?? Value(response.Headers, "grpc-status-details-bin"),
            GrpcContent.MessageOf(body, Value(response.Headers, "grpc-encoding")));

        // A proxy that speaks only HTTP sends a redirect or Retry-After the HTTP way.
        if (status is null && OtlpHttpResponse.Redirect(Value(response.Headers, "Location")) is { } redirect && (int)response.StatusCode is >= 300 and < 400)
            return result with { Message = result.Message + redirect };
        return status is null && result.Status == DeliveryStatus.Retryable
            ? result with { RetryAfter = OtlpHttpResponse.RetryAfter(Value(response.Headers, "Retry-After"), time.GetUtcNow()) }
            : result;
    }

    private static string? Value(HttpResponseHeaders headers, string name) => AnswerHeaders.Value(headers, name);
}
