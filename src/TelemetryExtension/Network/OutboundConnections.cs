using System.Net.Sockets;
using TelemetryExtension.Native;

namespace TelemetryExtension.Network;

/// <summary>
/// The connections of one destination. They are opened at first use, kept warm, and replaced after a freeze killed them, with or without a signal.
/// Each destination has its own instance, so that one backend's trouble does not affect another's connections.
/// </summary>
/// <param name="createHandler">Creates the handler, e.g. <see cref="OutboundHandler.Create"/>.</param>
/// <param name="allShareOne">Whether all requests share one connection (HTTP/2), so that a response to any of them shows that it is alive.</param>
/// <param name="distrust">Called when a connection gave no response or failed in the handshake. Another address of the host may work.</param>
/// <param name="prepared">Connections that the handler uses first.</param>
internal sealed partial class OutboundConnections(
    Func<HttpMessageHandler> createHandler, TimeProvider time, bool allShareOne, Action? distrust = null, PreparedConnections? prepared = null) : IDisposable
{
    private readonly Lock _gate = new();
    private Pool? _pool;

    /// <summary>Whether the next request must open a connection first.</summary>
    public bool IsCold
    {
        get
        {
            lock (_gate)
                return _pool is not { HasAnswered: true } pool || pool.Restores != SnapshotRestores.Count || SilenceSince(pool.LastResponse) > MaxIdle;
        }
    }

    /// <summary>The number of connections that are open ahead of the first request and not yet used.</summary>
    public int Prepared => prepared?.Count ?? 0;

    /// <summary>Opens connections ahead of the first request. Blocks, so the caller needs a thread of its own. Never throws.</summary>
    public void Prepare(int count, CancellationToken stop) => prepared?.Prepare(allShareOne ? 1 : count, stop);

    /// <summary>
    /// Sends one request. A used or prepared connection that ends before a response byte was most likely closed by the peer during a freeze. The request
    /// is then retried once, at once, on a new connection. So is a request without a response for far longer than usual (<see cref="ResponseLimit"/>). The
    /// retry is a new request with the same batch id.
    /// </summary>
    public async ValueTask<T> SendAsync<T>(
        Func<HttpRequestMessage> createRequest,
        Func<HttpResponseMessage, CancellationToken, ValueTask<T>> readAsync,
        CancellationToken cancellationToken)
    {
        for (var isSecondTry = false; ; isSecondTry = true)
        {
            var (pool, isWarm, lastResponse) = Acquire();
            try
            {
                using var request = createRequest();
                using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var started = time.GetTimestamp();
                HttpResponseMessage response;
                try
                {
                    var answer = pool.Invoker.SendAsync(request, abandoned.Token);
                    if (isWarm && !isSecondTry && !answer.IsCompleted && await IsDeadAsync(pool, lastResponse, request, answer, cancellationToken))
                        await abandoned.CancelAsync();
                    response = await answer;
                }
                catch (HttpRequestException exception) when (!isSecondTry && (pool.HasAnswered || pool.WasPrepared) && IsLostConnection(exception))
                {
                    Retire(pool);
                    continue;
                }
                catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.SecureConnectionError || IsLostConnection(exception))
                {
                    distrust?.Invoke();
                    throw;
                }
                catch (Exception) when (!isSecondTry && abandoned.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    continue;
                }
                catch (Exception) when (cancellationToken.IsCancellationRequested)
                {
                    Unanswered(pool, lastResponse);
                    throw;
                }

                Answered(pool, isWarm, isSecondTry, time.GetElapsedTime(started));
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

        prepared?.Dispose();
    }

    private static bool IsLostConnection(HttpRequestException exception) =>
        exception.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError
        || (exception.HttpRequestError is HttpRequestError.Unknown && exception.InnerException is IOException or SocketException);

    private (Pool Pool, bool IsWarm, DateTimeOffset LastResponse) Acquire()
    {
        lock (_gate)
        {
            if (_pool is { } old && (old.Restores != SnapshotRestores.Count || SilenceSince(old.LastResponse) > MaxIdle))
                Close(old);
            _pool ??= new(new HttpMessageInvoker(createHandler()), time.GetUtcNow(), Prepared > 0);
            _pool.InUse++;
            return (_pool, _pool.HasAnswered, _pool.LastResponse);
        }
    }

    private void Retire(Pool pool)
    {
        lock (_gate)
            Close(pool);
    }

    private void Release(Pool pool)
    {
        lock (_gate)
        {
            pool.InUse--;
            if (pool is { IsRetired: true, InUse: 0 })
                pool.Invoker.Dispose();
            // The first requests are answered, and later ones use the connections of the handler.
            if (pool is { HasAnswered: true, InUse: 0 })
                prepared?.Dispose();
        }
    }

    /// <summary>Takes the pool out of use. It is disposed when its last request ends.</summary>
    private void Close(Pool pool)
    {
        if (ReferenceEquals(_pool, pool))
            _pool = null;
        if (pool.IsRetired)
            return;
        // The prepared connections may be dead for the same reason.
        prepared?.Dispose();
        pool.IsRetired = true;
        if (pool.InUse == 0)
            pool.Invoker.Dispose();
    }

    /// <param name="wasPrepared">Whether its first requests may use prepared connections, which may be old.</param>
    private sealed class Pool(HttpMessageInvoker invoker, DateTimeOffset created, bool wasPrepared)
    {
        public HttpMessageInvoker Invoker { get; } = invoker;

        /// <summary>The count of restores at the creation. Copies of a snapshot must not share a connection.</summary>
        public int Restores { get; } = SnapshotRestores.Count;

        public bool WasPrepared { get; } = wasPrepared;

        public int InUse { get; set; }

        public bool IsRetired { get; set; }

        /// <summary>Whether a request on this pool got a response, so that its connections may be old.</summary>
        public bool HasAnswered { get; set; }

        /// <summary>The time of the last response, or of creation before the first.</summary>
        public DateTimeOffset LastResponse { get; set; } = created;

        /// <summary>The number of consecutive requests without a response.</summary>
        public int Unanswered { get; set; }
    }
}
