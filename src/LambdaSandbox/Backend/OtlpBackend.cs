using System.Security.Cryptography.X509Certificates;

namespace LambdaSandbox.Backend;

/// <summary>
/// An OTLP backend for tests and demos. It accepts all three signals over HTTP (protobuf, JSON) and gRPC, records everything, and misbehaves on demand.
/// https://opentelemetry.io/docs/specs/otlp/
/// </summary>
public sealed class OtlpBackend : IAsyncDisposable
{
    private readonly OtlpBackendOptions _options;
    private readonly Inbox _inbox = new();
    private readonly OtlpEndpoint _endpoint;
    private readonly SemaphoreSlim _switching = new(1);
    private readonly ReservedPort _httpPort;
    private readonly ReservedPort _grpcPort;
    private OtlpListener? _listener;

    private OtlpBackend(OtlpBackendOptions options)
    {
        _options = options;
        _endpoint = new OtlpEndpoint(this, _inbox, options);
        Certificate = options.Certificate;
        _httpPort = new(options.HttpPort);
        try
        {
            _grpcPort = new(options.GrpcPort);
        }
        catch
        {
            _httpPort.Dispose();
            throw;
        }
    }

    /// <summary>The URL for OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf or http/json, without a slash at the end.</summary>
    public string HttpUrl => $"{Scheme}://127.0.0.1:{_httpPort.Number}";

    /// <summary>The URL for OTEL_EXPORTER_OTLP_ENDPOINT with grpc, without a slash at the end.</summary>
    public string GrpcUrl => $"{Scheme}://127.0.0.1:{_grpcPort.Number}";

    /// <summary>Called for every request once it is read. May be changed while requests are in flight. Null accepts everything.</summary>
    public Func<ReceivedRequest, Fault>? Respond { get; set; }

    /// <summary>Called for every request when only its headers have arrived. Null reads everything.</summary>
    public Func<ReceivedRequest, Reading>? Receive { get; set; }

    /// <summary>
    /// Requests whose headers have arrived and that are neither answered nor aborted. A request counts as answered when its answer begins, except when the
    /// answer hangs.
    /// </summary>
    public int OpenRequests => _endpoint.OpenRequests;

    /// <summary>All received requests, including refused ones.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => _inbox.Requests;

    /// <summary>
    /// The items that the backend accepted, without those that it refused or never answered (unless the fault is <see cref="Fault.ButTaken"/>).
    /// </summary>
    public IReadOnlyList<ReceivedSpan> Spans => _inbox.Spans;

    /// <inheritdoc cref="Spans"/>
    public IReadOnlyList<ReceivedLogRecord> LogRecords => _inbox.LogRecords;

    /// <inheritdoc cref="Spans"/>
    public IReadOnlyList<ReceivedMetric> Metrics => _inbox.Metrics;

    /// <summary>The certificate for new connections, when <see cref="OtlpBackendOptions.Certificate"/> was set. Existing connections are not affected.</summary>
    public X509Certificate2? Certificate { get; set; }

    private string Scheme => _options.Certificate is null ? "http" : "https";

    public static async Task<OtlpBackend> StartAsync(OtlpBackendOptions? options = null, CancellationToken cancellationToken = default)
    {
        var backend = new OtlpBackend(options ?? new());
        try
        {
            await backend.ResumeAsync(cancellationToken);
            return backend;
        }
        catch
        {
            await backend.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Closes all connections and stops listening. Clients get "connection refused", and no other program can take the ports meanwhile. Received data is
    /// kept.
    /// </summary>
    public async Task PauseAsync(CancellationToken cancellationToken = default)
    {
        await _switching.WaitAsync(cancellationToken);
        try
        {
            if (_listener is not null)
                await _listener.DisposeAsync();
            _listener = null;
        }
        finally
        {
            _switching.Release();
        }
    }

    /// <summary>Listens again on the same ports.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken = default)
    {
        await _switching.WaitAsync(cancellationToken);
        try
        {
            SharePorts(true);
            _listener ??= await OtlpListener.StartAsync(
                _options, () => Certificate!, _httpPort.Number, _grpcPort.Number, _endpoint.HandleAsync, cancellationToken);
        }
        finally
        {
            SharePorts(false);
            _switching.Release();
        }
    }

    /// <summary>Returns as soon as the predicate holds. It is evaluated again whenever something arrives.</summary>
    /// <exception cref="TimeoutException">It did not hold in time. The message lists what has arrived.</exception>
    public async Task WaitForAsync(Func<OtlpBackend, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        using var deadline = new CancellationTokenSource(timeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        while (true)
        {
            var changed = _inbox.Changed;
            if (predicate(this))
                return;
            try
            {
                await changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"Not within {timeout}: {Requests.Count} requests, {Spans.Count} spans, {LogRecords.Count} log records, {Metrics.Count} metrics"
                    + string.Concat(Requests.TakeLast(20).Select(request => $"\n  {request}")));
            }
        }
    }

    /// <summary>Removes everything received.</summary>
    public void Clear() => _inbox.Clear();

    public async ValueTask DisposeAsync()
    {
        await PauseAsync(CancellationToken.None);
        _httpPort.Dispose();
        _grpcPort.Dispose();
    }

    private void SharePorts(bool on)
    {
        _httpPort.Share(on);
        _grpcPort.Share(on);
    }
}
