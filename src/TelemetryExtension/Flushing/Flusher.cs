using TelemetryExtension.Delivery;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Flushing;

/// <summary>
/// Does what the policy decides: collects what has arrived and delivers it inside a budget, beside the loop or while the loop waits.
/// Nothing here throws; what was not delivered stays in the outbox.
/// </summary>
internal sealed class Flusher(
    TelemetryCollector collector, Deliverer delivery, IDeadLetters deadLetters, FlushPolicy policy, FlushBudget budget, Ledger ledger, TimeProvider time)
{
    /// <summary>A flush that nobody waits for may take as long as a slow backend does; freezing interrupts it anyway.</summary>
    private static readonly TimeSpan BackgroundBudget = TimeSpan.FromSeconds(10);

    private const int Idle = 0;
    private const int Running = 1;
    private const int Asked = 2;

    private readonly Lock _gate = new();
    private int _background;
    private (Task Task, CancellationTokenSource? CutOff) _last = (Task.CompletedTask, null);
    private volatile bool _ended;
    private int _silent;

    /// <summary>False when no destination takes anything of a flush that an invocation waits for.</summary>
    public bool AnyoneAnswers => delivery.AnyoneAnswers;

    /// <summary>The flush that <see cref="StartInBackground"/> started last; never fails.</summary>
    public Task InBackground
    {
        get
        {
            lock (_gate)
                return _last.Task;
        }
    }

    /// <summary>Flushes and waits for it, as long as the limit allows: encoding counts.</summary>
    /// <param name="why">For the log.</param>
    /// <param name="measured">Whether this flush teaches the budget: not when it ran beside the handler, on a shared CPU.</param>
    public async Task FlushAsync(string why, TimeSpan limit, bool measured, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var before = Log.IsDebug ? new FlushNote(ledger) : null;
        policy.FlushStarted();
        var outcome = FlushOutcome.Incomplete;
        try
        {
            CollectOrSay();
            // At zero nothing is begun, and what was collected waits for the next flush.
            var left = limit - time.GetElapsedTime(started);
            var summary = await delivery.DeliverAsync(DeliveryMode.Once, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            var took = time.GetElapsedTime(started);
            // What waits for a destination that fails says nothing about the time that the others need.
            outcome = summary.LeftPayloads == 0 ? FlushOutcome.Complete
                : summary.WasCutOff ? FlushOutcome.CutOff
                : summary.HealthyHaveAll ? FlushOutcome.Complete
                : FlushOutcome.Incomplete;
            if (measured && outcome == FlushOutcome.Complete && summary.HasDelivered)
                budget.Finished(took);
            else if (measured && outcome == FlushOutcome.CutOff)
                budget.CutOff();
            before?.Write(why, outcome, summary.LeftPayloads, took, limit);
        }
        catch (Exception e)
        {
            // A boundary: whatever went wrong in here is a bug of ours and must not reach the customer's function.
            Log.WarnOnce("flush", $"a flush failed: {Reason.OfBug(e)}");
        }
        finally
        {
            if (policy.Flushed(outcome) == FlushDecision.Background)
                StartInBackground("something came during the last flush");
            if (delivery.HasSilentWork)
                StartSilent();
            // Hours late already: no invocation waits for it.
            if (delivery.HasExpired)
                _ = Task.Run(() => delivery.WriteExpiredAsync(deadLetters, CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>
    /// Starts a flush that nobody waits for; at most one at a time: while one runs, another follows it. It may still run when the environment is
    /// frozen, and goes on after the thaw.
    /// </summary>
    public void StartInBackground(string why)
    {
        lock (_gate)
        {
            if (_ended || Interlocked.Exchange(ref _background, Asked) != Idle)
                return;
            var cutOff = new CancellationTokenSource();
            _last = (Task.Run(() => RunInBackgroundAsync(why, cutOff.Token)), cutOff);
        }
    }

    /// <summary>Ends the flush in the background soon; what it has not delivered stays for the next one.</summary>
    public void CutOffInBackground()
    {
        CancellationTokenSource? cutOff;
        lock (_gate)
            cutOff = _last.CutOff;
        cutOff?.Cancel();
    }

    /// <summary>
    /// Starts requests to destinations that gave no answer in the last flushes; at most one such run at a time. No invocation waits for it, so it may
    /// be frozen on its way.
    /// </summary>
    private void StartSilent()
    {
        if (_ended || Interlocked.Exchange(ref _silent, Running) != Idle)
            return;
        _ = Task.Run(async () =>
        {
            try
            {
                await delivery.DeliverAsync(DeliveryMode.Silent, BackgroundBudget, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Log.WarnOnce("flush", $"a flush failed: {Reason.OfBug(e)}");
            }
            finally
            {
                Volatile.Write(ref _silent, Idle);
            }
        });
    }

    /// <summary>No flush begins any more: the shutdown sends everything itself, and what it had to cut off of another one might arrive twice.</summary>
    public void End() => _ended = true;

    /// <summary>A boundary: what cannot be collected must not keep what is encoded already from being delivered.</summary>
    private void CollectOrSay()
    {
        try
        {
            collector.Collect();
        }
        catch (Exception e)
        {
            Log.WarnOnce("collect", $"the buffer could not be emptied: {Reason.OfBug(e)}");
        }
    }

    private async Task RunInBackgroundAsync(string why, CancellationToken cutOff)
    {
        do
        {
            Volatile.Write(ref _background, Running);
            if (!_ended)
                await FlushAsync(why, BackgroundBudget, measured: false, cutOff).ConfigureAwait(false);
            // Not even one that was asked for meanwhile.
            if (cutOff.IsCancellationRequested)
                Volatile.Write(ref _background, Running);
        }
        while (Interlocked.CompareExchange(ref _background, Idle, Running) != Running && !_ended);
    }
}
