using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace LambdaSandbox.Telemetry;

/// <summary>The subscription of one extension: batches events, with its own queue, sender and limits.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private static readonly TimeSpan[] Backoff = [.. new[] { 20, 50, 100, 200, 400, 800 }.Select(ms => TimeSpan.FromMilliseconds(ms))];

    private readonly Lock sync = new();
    private readonly LinkedList<Waiting> queue = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly CancellationTokenSource ending = new();
    private readonly SocketsHttpHandler handler = new() { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromHours(1) };
    private readonly HttpMessageInvoker http;
    private readonly SandboxOptions options;
    private readonly Action<int, long> onDropped;
    private readonly Task running;
    private TcpClient? tcp;
    private long queuedBytes;
    private int droppedRecords;
    private long droppedBytes;
    private bool paused;
    private bool flushing;
    private bool sending;

    /// <param name="onDropped">Told of drops (records, bytes) once the consumer takes data again.</param>
    public Subscriber(string name, Subscription subscription, SandboxOptions options, Action<int, long> onDropped, TcpClient? connection = null)
    {
        tcp = connection;
        Name = name;
        Subscription = subscription;
        this.options = options;
        this.onDropped = onDropped;
        http = new HttpMessageInvoker(handler);
        running = Task.Run(RunAsync);
    }

    private readonly record struct Waiting(string Text, int Bytes, long Since, byte[]? Raw);

    public string Name { get; }

    public Subscription Subscription { get; }

    /// <summary>Requests that were answered with 2xx.</summary>
    public int Delivered { get; private set; }

    public int Refused { get; private set; }

    /// <summary>When the last batch with a runtimeDone began to be sent.</summary>
    public DateTimeOffset? RuntimeDoneSentAt { get; private set; }

    public bool Wants(TelemetryEvent item) => item.Category is not { } category || Subscription.Types.Contains(category);

    public void Add(TelemetryEvent item)
    {
        // A delayed event or a last line may arrive after the sandbox has ended.
        if (ending.IsCancellationRequested)
            return;
        foreach (var each in Subscription.Api == StreamApi.Logs ? LogsApiEvents.Of(item, Subscription.SchemaVersion) : [item])
            AddOne(each);
    }

    /// <summary>To the same TCP destination as before, whose listener may be another one now.</summary>
    public void Reconnect(TcpClient? connection)
    {
        if (connection is not null)
            Interlocked.Exchange(ref tcp, connection)?.Dispose();
    }

    private void AddOne(TelemetryEvent item)
    {
        var text = item.TextFor(Subscription.SchemaVersion);
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (options.Faults.SplitLargeRecords && bytes > Subscription.MaxBytes)
        {
            var (first, second) = TelemetryEvent.Split(text, Subscription.MaxBytes);
            AddRaw(Encoding.UTF8.GetBytes(first));
            AddRaw(Encoding.UTF8.GetBytes(second));
            return;
        }

        lock (sync)
        {
            if (queuedBytes + bytes > options.TelemetryQueueBytes)
            {
                droppedRecords++;
                droppedBytes += bytes;
                return;
            }

            queuedBytes += bytes;
            queue.AddLast(new Waiting(text, bytes, Stopwatch.GetTimestamp(), null));
        }

        wake.Release();
    }

    /// <summary>Sends a raw body in its turn, unchanged.</summary>
    public void AddRaw(byte[] body)
    {
        lock (sync)
        {
            queuedBytes += body.Length;
            queue.AddLast(new Waiting("", body.Length, 0, body));
        }

        wake.Release();
    }

    /// <summary>Starts no further request, and waits a moment for the one in flight.</summary>
    public async Task PauseAsync(TimeSpan limit)
    {
        lock (sync)
            paused = true;
        await IdleAsync(() => !sending, limit).ConfigureAwait(false);
    }

    public void Resume()
    {
        lock (sync)
            paused = false;
        wake.Release();
    }

    /// <summary>Sends what is waiting. Returns true when all of it was delivered or dropped within the limit.</summary>
    public async Task<bool> FlushAsync(TimeSpan limit)
    {
        lock (sync)
            flushing = true;
        wake.Release();
        var done = await IdleAsync(() => queue.Count == 0 && !sending, limit).ConfigureAwait(false);
        lock (sync)
            flushing = false;
        return done;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        http.Dispose();
        tcp?.Dispose();
        ending.Dispose();
    }

    private async Task<bool> IdleAsync(Func<bool> condition, TimeSpan limit)
    {
        var end = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            lock (sync)
            {
                if (condition())
                    return true;
            }

            if (Stopwatch.GetTimestamp() > end)
                return false;
            await Task.Delay(1).ConfigureAwait(false);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var (batch, wait) = Next();
                if (batch.Count == 0)
                {
                    await wake.WaitAsync(wait, ending.Token).ConfigureAwait(false);
                    continue;
                }

                try
                {
                    await DeliverAsync(batch).ConfigureAwait(false);
                }
                finally
                {
                    lock (sync)
                        sending = false;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The sandbox is ending.
        }
    }

    /// <summary>The batch that is due, or the time to wait for one (-1: until something changes).</summary>
    private (List<Waiting> Batch, int WaitMs) Next()
    {
        lock (sync)
        {
            List<Waiting> batch = [];
            if (paused || queue.First is not { } first)
                return (batch, Timeout.Infinite);
            var left = Subscription.TimeoutMs - (int)Stopwatch.GetElapsedTime(first.Value.Since).TotalMilliseconds;
            if (!flushing && left > 0 && first.Value.Raw is null && queue.Count < Subscription.MaxItems && queuedBytes < Subscription.MaxBytes)
                return (batch, left);

            var bytes = 0L;
            while (queue.First is { } node && batch.Count < Subscription.MaxItems)
            {
                var isRaw = node.Value.Raw is not null;
                if (batch.Count > 0 && (isRaw || bytes + node.Value.Bytes > Subscription.MaxBytes))
                    break;
                batch.Add(node.Value);
                bytes += node.Value.Bytes;
                queue.RemoveFirst();
                if (isRaw)
                    break;
            }

            queuedBytes -= bytes;
            sending = true;
            return (batch, 0);
        }
    }

    private async Task DeliverAsync(List<Waiting> batch)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await SendAsync(batch).ConfigureAwait(false))
            {
                Delivered++;
                ReportDropped();
                return;
            }

            Refused++;
            if (attempt == Backoff.Length)
                break;
            await Task.Delay(Backoff[attempt], ending.Token).ConfigureAwait(false);
            while (IsPaused())
                await Task.Delay(5, ending.Token).ConfigureAwait(false);
        }

        lock (sync)
        {
            droppedRecords += batch.Count;
            droppedBytes += batch.Sum(item => (long)item.Bytes);
        }
    }

    private bool IsPaused()
    {
        lock (sync)
        {
            // A pause between two attempts must not wait for the back-off.
            sending = !paused;
            return paused;
        }
    }

    private void ReportDropped()
    {
        int records;
        long bytes;
        lock (sync)
        {
            (records, bytes) = (droppedRecords, droppedBytes);
            (droppedRecords, droppedBytes) = (0, 0);
        }

        if (records > 0)
            onDropped(records, bytes);
    }

    private async Task<bool> SendAsync(List<Waiting> batch)
    {
        if (batch.Any(item => item.Text.Contains("\"platform.runtimeDone\"", StringComparison.Ordinal)))
            RuntimeDoneSentAt = DateTimeOffset.UtcNow;
        try
        {
            if (Subscription.Http is { } uri)
            {
                var body = batch[0].Raw ?? Encoding.UTF8.GetBytes("[" + string.Join(',', batch.Select(item => item.Text)) + "]");
                using var request = new HttpRequestMessage(Subscription.Method, new UriBuilder(uri) { Host = "127.0.0.1" }.Uri);
                request.Headers.Host = uri.Authority;
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new("application/json");
                using var response = await http.SendAsync(request, ending.Token).ConfigureAwait(false);
                await response.Content.CopyToAsync(Stream.Null, ending.Token).ConfigureAwait(false);
                return response.IsSuccessStatusCode;
            }

            tcp ??= new TcpClient("127.0.0.1", Subscription.TcpPort!.Value);
            var lines = batch[0].Raw ?? Encoding.UTF8.GetBytes(string.Concat(batch.Select(item => item.Text + "\n")));
            await tcp.GetStream().WriteAsync(lines, ending.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            tcp?.Dispose();
            tcp = null;
            return false;
        }
    }
}
