using System.Net;
using System.Net.Http.Headers;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>
/// OTLP over HTTP/1.1 in binary protobuf. Redirects are not followed: they would carry credentials elsewhere.
/// </summary>
internal sealed class OtlpHttpDestination(string name, OtlpEndpoint?[] endpoints, OutboundConnections connections, TimeProvider time)
    : IDestination, IDisposable
{
    private const int MaxResponseBytes = 4 * 1024 * 1024;

    /// <summary>Bodies come along with their headers, or a round trip later.</summary>
    private static readonly TimeSpan LeastForBody = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MostForBody = TimeSpan.FromMilliseconds(100);

    /// <summary>So often a body gets all its time again, however many did not come: it may have been a passing trouble.</summary>
    private const int FullPatienceEvery = 16;

    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");

    /// <summary>Bodies in a row that did not come.</summary>
    private int _hangs;

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
            long started = 0;
            return await connections.SendAsync(
                () =>
                {
                    started = time.GetTimestamp();
                    return Request(endpoint, payload, body);
                },
                (response, token) => ReadAsync(response, time.GetElapsedTime(started), token),
                timeout.Token);
        }
        catch (Exception exception)
        {
            return FailedAttempt.Of(exception, timeout, cancellationToken);
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

    /// <param name="took">To the headers.</param>
    private async ValueTask<DeliveryResult> ReadAsync(HttpResponseMessage response, TimeSpan took, CancellationToken cancellationToken)
    {
        byte[] body;
        // With a status that came at the very end of the time the body is usually there already, and it may say that records were rejected.
        using var patience = cancellationToken.IsCancellationRequested
            ? new AttemptTimeout(LeastForBody, time, CancellationToken.None, isStarted: false)
            : new AttemptTimeout(PatienceWithBody(took), time, cancellationToken, isStarted: false);
        try
        {
            var reading = BoundedBody.ReadAsync(response.Content, MaxResponseBytes, hasTrailers: false, patience.Token);
            if (!reading.IsCompleted)
                patience.Start();
            body = await reading;
            Volatile.Write(ref _hangs, 0);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The status has been said; a body that is cut short, or does not come in time, does not change it. Its connection is not used again.
            body = [];
            if (patience.IsExpired)
                Interlocked.Increment(ref _hangs);
        }

        return OtlpHttpResponse.Classify(
            new(
                (int)response.StatusCode, body,
                AnswerHeaders.Value(response.Content.Headers, "Content-Type"), AnswerHeaders.Value(response.Content.Headers, "Content-Encoding"),
                AnswerHeaders.Value(response.Headers, "Retry-After"), AnswerHeaders.Value(response.Headers, "Location")),
            time.GetUtcNow());
    }

    /// <summary>
    /// The status is final and the body only a note to it (what was rejected, why): nothing that an invocation is held for. Where bodies hang, each
    /// gets half the time of the one before, since nothing else would ever tell that the flush had better be in the background.
    /// </summary>
    private TimeSpan PatienceWithBody(TimeSpan took)
    {
        var patience = 2 * took;
        patience = patience < LeastForBody ? LeastForBody : patience < MostForBody ? patience : MostForBody;
        var hangs = Volatile.Read(ref _hangs);
        return hangs % FullPatienceEvery == FullPatienceEvery - 1 ? patience : patience / (1 << Math.Min(hangs, 3));
    }
}
