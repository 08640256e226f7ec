using System.Net;
using System.Net.Http.Headers;
using TelemetryExtension.Configuration;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>OTLP over HTTP/1.1 in binary protobuf. Redirects are not followed, because they would send credentials elsewhere.</summary>
internal sealed class OtlpHttpDestination(string name, OtlpEndpoint?[] endpoints, OutboundConnections connections, TimeProvider time, AwsRequests? aws = null)
    : IDestination, IDisposable
{
    private const int MaxResponseBytes = 4 * 1024 * 1024;

    /// <summary>Limits of the wait for a body, which arrives with its headers or one round trip later.</summary>
    private static readonly TimeSpan MinBodyWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxBodyWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Every so many hanging bodies, one gets the full time again, because the cause may have passed.</summary>
    private const int FullWaitEvery = 16;

    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");

    private readonly int _signals = endpoints.Count(static endpoint => endpoint is not null);
    private readonly bool _isTls = Array.Exists(endpoints, static endpoint => endpoint?.Url.Scheme == Uri.UriSchemeHttps);

    /// <summary>Consecutive bodies that did not arrive.</summary>
    private int _hangs;

    public string Name { get; } = name;

    public bool Accepts(Signal signal) => endpoints[(int)signal] is not null;

    /// <summary>Only a TLS handshake costs more CPU than the requests. Without TLS each signal opens its own connection.</summary>
    public bool IsCold => _isTls && connections.IsCold && connections.Prepared < _signals;

    /// <summary>A connection for each signal, so that the first flush sends them side by side.</summary>
    public void Prepare(CancellationToken stop) => connections.Prepare(_signals, stop);

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var endpoint = endpoints[(int)payload.Signal]!;
        using var timeout = new AttemptTimeout(endpoint.Timeout, time, cancellationToken);
        try
        {
            var body = endpoint.Gzip ? GzipBody.Compress(payload.Body.Span) : payload.Body;
            var credentials = endpoint.Aws is { Signs: true } ? await aws!.CredentialsAsync(timeout.Token) : null;
            for (var isSecondTry = false; ; isSecondTry = true)
            {
                long started = 0;
                var (isClockWrong, skew) = (false, TimeSpan.Zero);
                var result = await connections.SendAsync(
                    () =>
                    {
                        started = time.GetTimestamp();
                        var request = Request(endpoint, payload, body);
                        if (endpoint.Aws is not null)
                            skew = aws!.Complete(request, endpoint, body.Span, credentials);
                        return request;
                    },
                    async (response, token) =>
                    {
                        isClockWrong = credentials is not null && !response.IsSuccessStatusCode && aws!.NoteClock(response.Headers.Date, skew);
                        return HiddenValues.Hide(await ReadAsync(response, time.GetElapsedTime(started), token), endpoint);
                    },
                    timeout.Token);
                if (!isClockWrong || isSecondTry)
                    return result;
            }
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

    /// <param name="took">The time until the headers arrived.</param>
    private async ValueTask<DeliveryResult> ReadAsync(HttpResponseMessage response, TimeSpan took, CancellationToken cancellationToken)
    {
        byte[] body;
        // Even when the status arrived at the very end of the time, the body is usually there already, and it may report rejected records.
        using var patience = cancellationToken.IsCancellationRequested
            ? new AttemptTimeout(MinBodyWait, time, CancellationToken.None, isStarted: false)
            : new AttemptTimeout(BodyWait(took), time, cancellationToken, isStarted: false);
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
            // The status is known. A body that is cut short or late does not change it. The connection is not reused.
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
    /// The time to wait for a body. The status is final, and the body only explains it (which records were rejected, why), so no invocation should wait
    /// long for it. When bodies hang, each gets half the time of the one before; nothing else would notice that the flush should run in the background.
    /// </summary>
    private TimeSpan BodyWait(TimeSpan took)
    {
        var patience = 2 * took;
        patience = patience < MinBodyWait ? MinBodyWait : patience < MaxBodyWait ? patience : MaxBodyWait;
        var hangs = Volatile.Read(ref _hangs);
        return hangs % FullWaitEvery == FullWaitEvery - 1 ? patience : patience / (1 << Math.Min(hangs, 3));
    }
}
