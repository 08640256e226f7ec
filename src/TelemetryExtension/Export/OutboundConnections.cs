using System.Net.Sockets;

namespace TelemetryExtension.Export;

/// <summary>
/// The connections of one destination: made at first use, kept warm, and renewed when a freeze killed them. One instance a destination, so that
/// one backend's trouble never touches another's connections.
/// </summary>
/// <param name="createHandler">Makes the handler, e.g. <see cref="OutboundHandler.Create"/>.</param>
internal sealed class OutboundConnections(Func<HttpMessageHandler> createHandler, TimeProvider time) : IDisposable
{
    /// <summary>NAT gateways forget a silent connection after 350 s, without telling: after less than that it is not used again.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private Pool? _pool;
    private DateTimeOffset _lastUsed;

    /// <summary>Whether the next request has to open a connection first.</summary>
    public bool IsCold
    {
        get
        {
            lock (_gate)
                return _pool is not { HasAnswered: true } || IsSilent(time.GetUtcNow());
        }
    }

    /// <summary>
    /// Sends one request. A connection that had been used before and dies before a response byte is most likely one that the peer closed during
    /// a freeze: that is tried again once, at once, on a fresh connection. The request is made anew, with the same batch id.
    /// </summary>
    public async ValueTask<DeliveryResult> SendAsync(
        Func<HttpRequestMessage> createRequest,
        Func<HttpResponseMessage, CancellationToken, ValueTask<DeliveryResult>> readAsync,
        CancellationToken cancellationToken)
    {
        for (var isSecondTry = false; ; isSecondTry = true)
        {
            var pool = Acquire();
            try
            {
                using var request = createRequest();
                HttpResponseMessage response;
                try
                {
                    response = await pool.Invoker.SendAsync(request, cancellationToken);
                }
                catch (HttpRequestException exception) when (!isSecondTry && pool.HasAnswered && IsLostConnection(exception))
                {
                    Retire(pool);
                    continue;
                }

                pool.HasAnswered = true;
                using (response)
                    return await readAsync(response, cancellationToken);
            }
            finally
            {
                Release(pool);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_pool is { } pool)
                Close(pool);
            _pool = null;
        }
    }

    private static bool IsLostConnection(HttpRequestException exception) =>
        exception.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError
        || (exception.HttpRequestError is HttpRequestError.Unknown && exception.InnerException is IOException or SocketException);

    private Pool Acquire()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_pool is { } old && IsSilent(now))
                Close(old);
            _lastUsed = now;
            _pool ??= new(new HttpMessageInvoker(createHandler()));
            _pool.InUse++;
            return _pool;
        }
    }

    private bool IsSilent(DateTimeOffset now) => (now - _lastUsed).Duration() > MaxSilence;

    private void Retire(Pool pool)
    {
        lock (_gate)
            Close(pool);
    }

    private void Release(Pool pool)
    {
        lock (_gate)
        {
            _lastUsed = time.GetUtcNow();
            pool.InUse--;
            if (pool is { IsRetired: true, InUse: 0 })
                pool.Invoker.Dispose();
        }
    }

    /// <summary>No new request uses it; it is disposed when the last one on it ends.</summary>
    private void Close(Pool pool)
    {
        if (ReferenceEquals(_pool, pool))
            _pool = null;
        if (pool.IsRetired)
            return;
        pool.IsRetired = true;
        if (pool.InUse == 0)
            pool.Invoker.Dispose();
    }

    private sealed class Pool(HttpMessageInvoker invoker)
    {
        public HttpMessageInvoker Invoker { get; } = invoker;

        public int InUse { get; set; }

        public bool IsRetired { get; set; }

        /// <summary>Some request on this pool got an answer: its connections may be old ones.</summary>
        public bool HasAnswered { get; set; }
    }
}
