using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Telemetry;

/// <summary>All events of a sandbox in order of creation, and their subscribers.</summary>
/// <remarks>
/// A subscriber also gets the events of its generation's init before its subscription, and stays subscribed over resets. When it subscribes again with
/// another destination, later events go there; waiting ones still go to the old one, where possibly nothing listens.
/// </remarks>
internal sealed class TelemetryStream(SandboxOptions options) : IAsyncDisposable
{
    private readonly Lock sync = new();
    private readonly List<TelemetryEvent> events = [];
    private readonly Dictionary<string, Subscriber> subscribers = [];
    private readonly List<Subscriber> replaced = [];
    private bool paused;
    private int generationStart;

    public IReadOnlyList<TelemetryEvent> Events
    {
        get
        {
            lock (sync)
                return [.. events];
        }
    }

    public IReadOnlyList<Subscriber> Subscribers
    {
        get
        {
            lock (sync)
                return [.. subscribers.Values];
        }
    }

    /// <summary>Starts a generation: its events are sent again to those that subscribe during its init.</summary>
    public void BeginGeneration()
    {
        lock (sync)
            generationStart = events.Count;
    }

    /// <summary>Creates an event of the platform, subject to the faults.</summary>
    public void Emit(string type, JsonNode? record, DateTimeOffset? time = null)
    {
        var item = new TelemetryEvent(time ?? DateTimeOffset.UtcNow, type, record);
        if (options.Faults.ScriptedTelemetry && item.Category == "platform")
            return;
        foreach (var changed in options.Faults.Telemetry?.Invoke(item) ?? [item])
        {
            var delay = options.Faults.TelemetryDelay?.Invoke(changed) ?? TimeSpan.Zero;
            if (options.Faults.LineLag > TimeSpan.Zero && changed.Category == "function")
                _ = Task.Delay(options.Faults.LineLag).ContinueWith(_ => Hand(new TelemetryEvent(DateTimeOffset.UtcNow, changed.Type, changed.Record)), TaskScheduler.Default);
            else if (delay > TimeSpan.Zero)
                _ = Task.Delay(delay).ContinueWith(_ => Hand(changed), TaskScheduler.Default);
            else
                Hand(changed);
        }
    }

    private void Hand(TelemetryEvent item)
    {
        if (options.Faults.Broken?.Invoke(item) is { } body)
            PublishRaw(body);
        else
            Publish(item);
    }

    /// <summary>Sends an event unchanged.</summary>
    public void Publish(TelemetryEvent item)
    {
        lock (sync)
        {
            if (events.Count >= options.KeptRecords)
            {
                var forgotten = (events.Count + 1) / 2;
                events.RemoveRange(0, forgotten);
                generationStart = Math.Max(0, generationStart - forgotten);
            }

            events.Add(item);
            foreach (var subscriber in subscribers.Values.Where(s => s.Wants(item)))
                subscriber.Add(item);
        }
    }

    public void PublishRaw(byte[] body)
    {
        foreach (var subscriber in Subscribers)
            subscriber.AddRaw(body);
    }

    /// <summary>Its event names the state: "Subscribed", or "Already subscribed" after a reset.</summary>
    /// <param name="connection">To a TCP destination.</param>
    public void Subscribe(string name, Subscription subscription, TcpClient? connection = null)
    {
        string state;
        lock (sync)
        {
            var isKnown = subscribers.TryGetValue(name, out var known);
            state = isKnown ? "Already subscribed" : "Subscribed";
            if (!isKnown || !(options.KeepDestination || known!.Subscription.HasDestinationOf(subscription)))
            {
                if (isKnown)
                    replaced.Add(known!);
                var subscriber = new Subscriber(name, subscription, options, OnDropped, connection);
                foreach (var item in events.Skip(generationStart).Where(subscriber.Wants))
                    subscriber.Add(item);
                subscribers[name] = subscriber;
            }
            else
            {
                known!.Reconnect(connection);
            }
        }

        Resume();
        Emit(subscription.Api.SubscriptionEvent, PlatformEvents.TelemetrySubscription(name, state, subscription.Types));
    }

    public async Task PauseAsync(TimeSpan limit)
    {
        paused = true;
        await Task.WhenAll(Subscribers.Select(s => s.PauseAsync(limit))).ConfigureAwait(false);
    }

    public void Resume()
    {
        paused = false;
        foreach (var subscriber in Subscribers.Concat(replaced))
            subscriber.Resume();
    }

    public async Task<bool> FlushAsync(TimeSpan limit)
    {
        if (paused)
            Resume();
        var done = await Task.WhenAll(Subscribers.Select(s => s.FlushAsync(limit))).ConfigureAwait(false);
        return done.All(ok => ok);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscriber in Subscribers.Concat(replaced))
            await subscriber.DisposeAsync().ConfigureAwait(false);
    }

    private void OnDropped(int records, long bytes) => Emit("platform.logsDropped", PlatformEvents.LogsDropped(records, bytes));
}
