using System.Diagnostics;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

internal enum DeliveryMode : byte
{
    /// <summary>
    /// A flush between invocations: one attempt at what is due. It skips destinations whose back-off lasts, destinations that gave no answer in the last
    /// flushes, and signals of which a destination accepts only parts.
    /// </summary>
    Once,

    /// <summary>A flush in the background: one attempt at what <see cref="Once"/> skips.</summary>
    Silent,

    /// <summary>The last chance: failed requests are retried after a pause for as long as the budget lasts.</summary>
    Drain,
}

/// <param name="LeftPayloads">Payloads in the outbox afterwards, in memory and in files.</param>
/// <param name="HealthyAreDone">
/// Something was delivered, and everything that is left waits for a failing destination or for the background. More time would not help the healthy
/// destinations.
/// </param>
/// <param name="HasDelivered">A destination took something.</param>
/// <param name="WasCutOff">The budget ended, or the caller cancelled.</param>
/// <param name="Sent">The requests that destinations took, where <see cref="Deliverer.KeepsSent"/> asks for them.</param>
internal readonly record struct DeliverySummary(
    int LeftPayloads, bool HealthyAreDone, bool HasDelivered = false, bool WasCutOff = false, SentRequests? Sent = null);

/// <param name="Bytes">Of all of them, uncompressed.</param>
/// <param name="BatchIds">Of the first ones.</param>
internal sealed record SentRequests(long Bytes, IReadOnlyList<string> BatchIds);

/// <summary>
/// Delivers payloads from the outbox to all destinations in parallel, within a budget. Each destination has a queue, requests and a back-off per signal, so
/// a slow one never delays another. What is left when the budget ends stays in the outbox.
/// </summary>
internal sealed partial class Deliverer(PayloadOutbox outbox, TimeProvider time, Func<double> random) : IDisposable
{
    /// <summary>
    /// How long the last chance lets a running flush continue, at most a fifth of its budget. A request that is cut off in transit is sent again, and a
    /// backend that had already accepted it gets it twice.
    /// </summary>
    private static readonly TimeSpan FlushGrace = TimeSpan.FromMilliseconds(300);

    /// <summary>How long requests are sent one after the other on a new connection.</summary>
    private static readonly TimeSpan SequentialLimit = TimeSpan.FromMilliseconds(150);

    /// <summary>
    /// If connecting and the first answer take longer than this, the remaining signals are sent in parallel. One after the other would cost the function
    /// the sum of three such times.
    /// </summary>
    private static readonly TimeSpan SlowAnswer = TimeSpan.FromMilliseconds(50);

    /// <summary>An invocation can wait for an answer that takes no longer than this.</summary>
    private static readonly TimeSpan QuickAnswer = TimeSpan.FromMilliseconds(150);

    /// <summary>
    /// The share of slow answers in the background after which an invocation waits again, because a freeze makes the quickest answer look slow. It is
    /// random: environments that try together are slow together.
    /// </summary>
    private const double BlockingAgain = 0.05;

    /// <summary>A request that was cut off earlier than this says nothing about the destination.</summary>
    private static readonly TimeSpan MinConclusiveWait = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the last chance waits until a cancelled flush releases a destination.</summary>
    private static readonly TimeSpan ReleaseGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>One call at a time drives a lane. A call that hangs blocks only its own lane.</summary>
    private readonly SemaphoreSlim[] _turns = [.. outbox.Lanes.Select(static _ => new SemaphoreSlim(1))];

    /// <summary>The lanes of each destination.</summary>
    private readonly DeliveryLane[][] _destinations = [.. outbox.Lanes.GroupBy(static lane => lane.Index, static (_, lanes) => lanes.ToArray())];

    /// <summary>Cancels the flushes that started since it was stored here.</summary>
    private CancellationTokenSource _flushes = new();

    /// <summary>
    /// Delivers until everything is delivered, nothing more is due or the budget is used up. Does not throw for any of these, nor for cancellation. The
    /// budget counts the time in which this process runs, so a freeze does not use it up. After a grace period the last chance cancels running flushes,
    /// because their time limits exceed the time that is left.
    /// </summary>
    public async Task<DeliverySummary> DeliverAsync(DeliveryMode mode, TimeSpan budget, CancellationToken cancellationToken)
    {
        // Do not start requests that would be cut off at once.
        if (budget <= TimeSpan.Zero && budget != Timeout.InfiniteTimeSpan)
            return new(outbox.Counts.Payloads, HealthyAreDone: false, WasCutOff: true);
        var earlier = mode == DeliveryMode.Drain ? Interlocked.Exchange(ref _flushes, new()) : null;
        var superseded = mode == DeliveryMode.Drain ? CancellationToken.None : Volatile.Read(ref _flushes).Token;
        using var outer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, superseded);
        using var deadline = new AttemptTimeout(budget, time, outer.Token);
        var run = new Run(mode, time.GetTimestamp(), budget, deadline, superseded) { KeepsSent = KeepsSent };
        await Task.WhenAll(_destinations.Select(lanes => DriveDestinationAsync(lanes, run, earlier)));
        return new(
            outbox.Counts.Payloads,
            run.HasDelivered && outbox.Lanes.All(lane => lane.Health.Failures > 0 || outbox.IsInBackground(lane) || !outbox.HasWork(lane)),
            run.HasDelivered,
            run.IsOver,
            run.Sent);
    }

    /// <summary>Whether summaries name the requests. Off, it costs nothing.</summary>
    public bool KeepsSent { get; init; }

    /// <summary>Whether <see cref="DeliveryMode.Silent"/> has something to do.</summary>
    public bool HasSilentWork => outbox.HasSilentWork;

    /// <summary>Whether any destination may accept something of a flush that an invocation waits for.</summary>
    public bool HasResponsiveDestination => outbox.HasResponsiveDestination;

    public void Dispose()
    {
        foreach (var turn in _turns)
            turn.Dispose();
        _letters.Dispose();
        _lettersEnd.Dispose();
        _flushes.Dispose();
        foreach (var destination in outbox.Destinations)
            (destination as IDisposable)?.Dispose();
    }

    private async Task DriveDestinationAsync(DeliveryLane[] lanes, Run run, CancellationTokenSource? earlier)
    {
        var driven = run.IsLastChance ? lanes : Array.FindAll(lanes, lane => outbox.IsInBackground(lane) == (run.Mode == DeliveryMode.Silent));
        if (driven.Length == 0)
            return;
        await DriveAllAsync(driven, run, earlier);
        var (answered, silent) = run.Answers(driven);
        outbox.FlushEnded(driven[0].Silence, answered, silent, run.Mode == DeliveryMode.Once, run.WasQuick(driven) || random() < BlockingAgain);
    }

    /// <summary>
    /// Sends all signals in parallel. But before a costly handshake and with little to send, it sends one request after the other: another one costs the
    /// function more CPU than the requests, and pays off in saved round trips only if the function keeps sending. A slow request does not delay the others.
    /// </summary>
    /// <param name="earlier">At the last chance: cancels the flushes that were started before.</param>
    private async Task DriveAllAsync(DeliveryLane[] lanes, Run run, CancellationTokenSource? earlier)
    {
        var destination = lanes[0].Destination;
        if (run.IsLastChance || !destination.IsCold || Array.Exists(lanes, static lane => lane.Health.Failures > 0) || outbox.HasBacklog(lanes[0].Index))
        {
            await Task.WhenAll(lanes.Select(lane => TakeTurnAsync(lane, run, earlier, RequestSlots.Shared)));
            return;
        }

        var started = time.GetTimestamp();
        using var soon = new AttemptTimeout(run.CapAtHalf(SequentialLimit), time, CancellationToken.None);
        for (var i = 0; i < lanes.Length; i++)
        {
            var turn = TakeTurnAsync(lanes[i], run, earlier, 1);
            await turn.WaitAsync(soon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (turn.IsCompleted && lanes[i].Health.Failures > 0 && destination.IsCold)
            {
                outbox.FailAll(lanes[(i + 1)..], lanes[i]);
                return;
            }

            if (turn.IsCompleted && time.GetElapsedTime(started) < SlowAnswer)
                continue;
            await Task.WhenAll([turn, .. lanes[(i + 1)..].Select(lane => TakeTurnAsync(lane, run, earlier, RequestSlots.Shared))]);
            return;
        }
    }

    /// <param name="atOnce">The most concurrent requests.</param>
    private async Task TakeTurnAsync(DeliveryLane lane, Run run, CancellationTokenSource? earlier, int atOnce)
    {
        var hasTurn = await WaitForTurnAsync(lane, run, earlier is null ? Timeout.InfiniteTimeSpan : run.CapAtFifth(FlushGrace));
        try
        {
            if (earlier is not null)
            {
                if (!hasTurn)
                {
                    var released = WaitForTurnAsync(lane, run, ReleaseGrace);
                    _ = earlier.CancelAsync();
                    hasTurn = await released;
                }

                outbox.ResetBackoff(lane);
            }

            // At the last chance a destination that ignores the cancellation gets the remaining payloads too, although its old request still runs.
            if (hasTurn || (earlier is not null && !run.IsOver))
                await DriveAsync(lane, run, atOnce);
        }
        finally
        {
            if (hasTurn)
                _turns[lane.Number].Release();
        }
    }

    private async Task<bool> WaitForTurnAsync(DeliveryLane lane, Run run, TimeSpan limit)
    {
        using var patience = new AttemptTimeout(limit, time, run.Token);
        var waited = _turns[lane.Number].WaitAsync(patience.Token);
        await waited.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return waited.IsCompletedSuccessfully;
    }

    private async Task DriveAsync(DeliveryLane lane, Run run, int atOnce)
    {
        while (true)
        {
            outbox.RefuseWaiting(lane);
            if (!outbox.HasWork(lane) || run.IsOver)
                return;
            var wait = lane.Health.WaitFrom(time.GetUtcNow(), run.Mode == DeliveryMode.Drain && !run.HasFailed(lane));
            if (wait > TimeSpan.Zero)
            {
                if (!run.IsLastChance || wait >= run.Left(time))
                    return;
                try
                {
                    await Task.Delay(wait, time, run.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }

            // A destination that failed last time, or refused everything, gets a single request first.
            var isDoubted = !run.IsLastChance && lane.Refusal.IsDoubted;
            if (lane.Health.Failures > 0 || isDoubted)
            {
                if (outbox.Take(lane, run.IsLastChance) is not { } probe)
                    return;
                if (!await SendAsync(lane, probe, run))
                {
                    if (!run.IsLastChance)
                        return;
                    continue;
                }

                if (isDoubted && lane.Refusal.IsDoubted)
                {
                    outbox.RefuseWaiting(lane);
                    return;
                }
            }

            var (sent, healthy) = await SendAllAsync(lane, run, atOnce);
            if (!sent || (!run.IsLastChance && !healthy))
                return;
        }
    }

    /// <summary>
    /// Sends as many concurrent requests as there are slots, which other signals may release meanwhile, until nothing is left or a request fails.
    /// </summary>
    private async Task<(bool Sent, bool Healthy)> SendAllAsync(DeliveryLane lane, Run run, int atOnce)
    {
        var (sent, healthy) = (false, true);
        var underWay = new List<Task<bool>>(atOnce);
        while (true)
        {
            // Do not immediately retry a batch that failed before it was sent.
            while (underWay.Count < atOnce && healthy && !run.IsOver && (!sent || lane.Health.Failures == 0) && outbox.Take(lane, run.IsLastChance) is { } batch)
            {
                underWay.Add(SendAsync(lane, batch, run));
                sent = true;
            }

            if (underWay.Count == 0)
                return (sent, healthy);
            var done = await Task.WhenAny(underWay);
            underWay.Remove(done);
            healthy &= await done;
        }
    }

    private async Task<bool> SendAsync(DeliveryLane lane, DeliveryBatch batch, Run run)
    {
        OtlpPayload? payload;
        try
        {
            payload = await outbox.OpenAsync(lane, batch, run.Token);
        }
        catch (OutOfMemoryException)
        {
            Log.WarnOnce("memory", "too little memory to build a request; the extension retries");
            outbox.Postpone(lane, batch, random());
            run.Note(lane, null, isUnanswered: false);
            return false;
        }

        if (payload is null)
            return true;
        DeliveryResult? result = null;
        var (started, startedAt) = (time.GetTimestamp(), time.GetUtcNow());
        try
        {
            result = await lane.Destination.DeliverAsync(payload, run.Token);
        }
        catch (OperationCanceledException)
        {
            // The outcome is unknown, so the batch stays and is sent again under the same id.
        }
        catch (Exception exception)
        {
            // A destination must not throw. If one does because of a bug, the others still get their delivery.
            Debug.Fail(exception.ToString());
            result = new(DeliveryStatus.Retryable, 0, exception.GetType().Name);
        }

        // A request that this budget cuts off counts as a failure of the destination. Otherwise a hanging destination would cost every invocation its
        // whole budget.
        var change = outbox.Complete(lane, batch, payload, result, countsAsFailure: result is not null || run.IsBudgetSpent, random());
        if (result is { Status: DeliveryStatus.Delivered })
            run.Delivered(payload);
        var took = time.GetElapsedTime(started);
        run.Note(lane, result, result is { IsUnanswered: true } || (result is null && run.WasLongEnough(took)));
        // During a freeze the wall clock goes on, and the other one may not.
        if (took > QuickAnswer || time.GetUtcNow() - startedAt > QuickAnswer)
            run.NoteSlow(lane);
        DeliveryNotes.LogAnswer(lane.Destination, payload, result);
        DeliveryNotes.LogChange(lane.Destination, lane.Signal, change);
        if (result is null && run.IsBudgetSpent)
            DeliveryNotes.LogCutOff(lane.Destination, lane.Health.Failures);
        return result is { Status: not DeliveryStatus.Retryable };
    }
}
