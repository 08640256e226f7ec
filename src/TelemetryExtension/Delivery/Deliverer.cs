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
    /// A flush between invocations: one go at what is due. A destination that fails is left alone until its back-off is over, over the next calls;
    /// one that gave no answer in the last flushes is left out, and so is a signal of which it takes only parts.
    /// </summary>
    Once,

    /// <summary>In the background: one go at what <see cref="Once"/> leaves out.</summary>
    Silent,

    /// <summary>The last chance: fails are retried after a pause for as long as the budget lasts.</summary>
    Drain,
}

/// <param name="LeftPayloads">Payloads in the outbox afterwards, in memory and in files.</param>
/// <param name="HealthyHaveAll">
/// Something was delivered, and whatever is left waits for a destination that fails, or for the background: to the others nothing more is to be sent.
/// </param>
/// <param name="HasDelivered">A destination took something.</param>
/// <param name="WasCutOff">The budget ended, or the caller ended it.</param>
internal readonly record struct DeliverySummary(int LeftPayloads, bool HealthyHaveAll, bool HasDelivered = false, bool WasCutOff = false);

/// <summary>
/// Takes payloads from the outbox to every destination, side by side, inside a budget: each destination has, for each signal, its own queue, its own
/// requests and its own back-off, so a slow one never holds another. What is left when the budget ends stays in the outbox.
/// </summary>
internal sealed partial class Deliverer(PayloadOutbox outbox, TimeProvider time, Func<double> random) : IDisposable
{
    /// <summary>
    /// How long the last chance lets a flush that still runs go on, at most a fifth of its budget: a request cut off on its way is sent again,
    /// and a backend that had taken it has it twice.
    /// </summary>
    private static readonly TimeSpan LetFinish = TimeSpan.FromMilliseconds(300);

    /// <summary>How long requests go one after the other on a first connection.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);

    /// <summary>A backend that takes longer than this to connect and answer would take the sum of three such times from the function: the rest goes side by side.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    /// <summary>A request that was cut off earlier than this says nothing about the destination.</summary>
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the last chance waits for a flush it has cancelled to let go of a destination.</summary>
    private static readonly TimeSpan LetGo = TimeSpan.FromMilliseconds(100);

    /// <summary>One call at a time drives a lane; one that hangs keeps only its own.</summary>
    private readonly SemaphoreSlim[] _turns = [.. outbox.Lanes.Select(static _ => new SemaphoreSlim(1))];

    /// <summary>The lanes of each destination.</summary>
    private readonly DeliveryLane[][] _destinations = [.. outbox.Lanes.GroupBy(static lane => lane.Index, static (_, lanes) => lanes.ToArray())];

    /// <summary>Cancels the flushes that were started since it was put here.</summary>
    private CancellationTokenSource _flushes = new();

    /// <summary>
    /// Returns when everything is delivered, when nothing more is due, or when the budget is used up; never throws for any of these, nor for
    /// cancellation. The budget counts time in which this process runs: a freeze does not use it up. The last chance ends the flushes that
    /// still run after a while: the time they may take is longer than what is left.
    /// </summary>
    public async Task<DeliverySummary> DeliverAsync(DeliveryMode mode, TimeSpan budget, CancellationToken cancellationToken)
    {
        // Nothing is begun that could only be cut off.
        if (budget <= TimeSpan.Zero && budget != Timeout.InfiniteTimeSpan)
            return new(outbox.Counts.Payloads, HealthyHaveAll: false, WasCutOff: true);
        var before = mode == DeliveryMode.Drain ? Interlocked.Exchange(ref _flushes, new()) : null;
        var takenOver = mode == DeliveryMode.Drain ? CancellationToken.None : Volatile.Read(ref _flushes).Token;
        using var outer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, takenOver);
        using var deadline = new AttemptTimeout(budget, time, outer.Token);
        var run = new Run(mode, time.GetTimestamp(), budget, deadline, takenOver);
        await Task.WhenAll(_destinations.Select(lanes => DriveDestinationAsync(lanes, run, before)));
        return new(
            outbox.Counts.Payloads,
            run.HasDelivered && outbox.Lanes.All(lane => lane.Health.Failures > 0 || outbox.IsInBackground(lane) || !outbox.HasWork(lane)),
            run.HasDelivered,
            run.IsOver);
    }

    /// <summary>Whether <see cref="DeliveryMode.Silent"/> has something to do.</summary>
    public bool HasSilentWork => outbox.HasSilentWork;

    /// <summary>Whether any destination may take something of a flush that an invocation waits for.</summary>
    public bool AnyoneAnswers => outbox.AnyoneAnswers;

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

    private async Task DriveDestinationAsync(DeliveryLane[] lanes, Run run, CancellationTokenSource? before)
    {
        var driven = run.IsLastChance ? lanes : Array.FindAll(lanes, lane => outbox.IsInBackground(lane) == (run.Mode == DeliveryMode.Silent));
        if (driven.Length == 0)
            return;
        await DriveAllAsync(driven, run, before);
        var (answered, silent) = run.Answers(driven);
        outbox.FlushEnded(driven[0].Silence, answered, silent, isHeld: run.Mode == DeliveryMode.Once);
    }

    /// <summary>
    /// All signals side by side; but where there is no connection yet and little to send, one request after the other: a handshake costs the function
    /// more CPU than the requests, and only a function that goes on sending gets it back in round trips. One that takes long does not hold the others.
    /// </summary>
    /// <param name="before">At the last chance: what ends the flushes that were started before.</param>
    private async Task DriveAllAsync(DeliveryLane[] lanes, Run run, CancellationTokenSource? before)
    {
        var destination = lanes[0].Destination;
        if (run.IsLastChance || !destination.IsCold || Array.Exists(lanes, static lane => lane.Health.Failures > 0) || outbox.HasBacklog(lanes[0].Index))
        {
            await Task.WhenAll(lanes.Select(lane => TakeTurnAsync(lane, run, before, RequestSlots.Shared)));
            return;
        }

        var started = time.GetTimestamp();
        using var soon = new AttemptTimeout(run.AtMostHalf(Soon), time, CancellationToken.None);
        for (var i = 0; i < lanes.Length; i++)
        {
            var turn = TakeTurnAsync(lanes[i], run, before, 1);
            await turn.WaitAsync(soon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (turn.IsCompleted && lanes[i].Health.Failures > 0 && destination.IsCold)
            {
                outbox.FailAll(lanes[(i + 1)..], lanes[i]);
                return;
            }

            if (turn.IsCompleted && time.GetElapsedTime(started) < Slow)
                continue;
            await Task.WhenAll([turn, .. lanes[(i + 1)..].Select(lane => TakeTurnAsync(lane, run, before, RequestSlots.Shared))]);
            return;
        }
    }

    /// <param name="atOnce">Requests.</param>
    private async Task TakeTurnAsync(DeliveryLane lane, Run run, CancellationTokenSource? before, int atOnce)
    {
        var hasTurn = await WaitForTurnAsync(lane, run, before is null ? Timeout.InfiniteTimeSpan : run.AtMostAFifth(LetFinish));
        try
        {
            if (before is not null)
            {
                if (!hasTurn)
                {
                    var letGo = WaitForTurnAsync(lane, run, LetGo);
                    _ = before.CancelAsync();
                    hasTurn = await letGo;
                }

                outbox.ResetBackoff(lane);
            }

            // At the last chance a destination that ignores the cancellation gets the rest beside what it holds.
            if (hasTurn || (before is not null && !run.IsOver))
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
            outbox.TurnAway(lane);
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

            // A destination that failed last time, or refused everything, is tried with one request first.
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
                    outbox.TurnAway(lane);
                    return;
                }
            }

            var (sent, healthy) = await SendAllAsync(lane, run, atOnce);
            if (!sent || (!run.IsLastChance && !healthy))
                return;
        }
    }

    /// <summary>
    /// As many requests at once as there are slots, which other signals may free meanwhile, until nothing is left or one was not answered properly.
    /// </summary>
    private async Task<(bool Sent, bool Healthy)> SendAllAsync(DeliveryLane lane, Run run, int atOnce)
    {
        var (sent, healthy) = (false, true);
        var underWay = new List<Task<bool>>(atOnce);
        while (true)
        {
            // One that failed before it got onto the network is not taken again at once.
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
            Log.WarnOnce("memory", "too little memory to put a request together, will be tried again");
            outbox.Postpone(lane, batch, random());
            run.Note(lane, null, isUnanswered: false);
            return false;
        }

        if (payload is null)
            return true;
        DeliveryResult? result = null;
        var started = time.GetTimestamp();
        try
        {
            result = await lane.Destination.DeliverAsync(payload, run.Token);
        }
        catch (OperationCanceledException)
        {
            // Outcome unknown: it stays, and goes again under the same batch id.
        }
        catch (Exception exception)
        {
            // A destination never throws; if one does all the same, that must not cost the others their delivery.
            Debug.Fail(exception.ToString());
            result = new(DeliveryStatus.Retryable, 0, exception.GetType().Name);
        }

        // Cut off by our own budget counts against the destination, or a hanging one would cost every invocation its whole budget.
        var change = outbox.Complete(lane, batch, payload, result, countsAsFailure: result is not null || run.IsBudgetSpent, random());
        run.Note(lane, result, result is { IsUnanswered: true } || (result is null && run.WasLongEnough(time.GetElapsedTime(started))));
        DeliveryNotes.Say(lane.Destination, payload, result);
        DeliveryNotes.SayChange(lane.Destination, lane.Signal, change);
        if (result is null && run.IsBudgetSpent)
            DeliveryNotes.SayCutOff(lane.Destination, lane.Health.Failures);
        return result is { Status: not DeliveryStatus.Retryable };
    }
}
