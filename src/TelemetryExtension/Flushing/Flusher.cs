using TelemetryExtension.Delivery;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Flushing;

/// <summary>
/// Executes the policy's decisions: collects what has arrived and delivers it within a budget, in the background or while the loop waits. Does not throw.
/// What was not delivered stays in the outbox.
/// </summary>
internal sealed class Flusher(
    TelemetryCollector collector, Deliverer delivery, IDeadLetters deadLetters, FlushPolicy policy, FlushBudget budget, Ledger ledger, TimeProvider time,
    FlushTrace? trace = null)
{
    /// <summary>The budget of a flush that nobody waits for. It allows for a slow backend, and a freeze interrupts it anyway.</summary>
    private static readonly TimeSpan BackgroundBudget = TimeSpan.FromSeconds(10);

    private const int Idle = 0;
    private const int Running = 1;
    private const int Requested = 2;

    private readonly Lock _gate = new();
    private int _background;
    private (Task Task, CancellationTokenSource? CutOff) _last = (Task.CompletedTask, null);
    private volatile bool _ended;
    private int _silent;

    /// <summary>False when no destination would accept anything from a flush that an invocation waits for.</summary>
    public bool HasResponsiveDestination => delivery.HasResponsiveDestination;

    /// <summary>The flush that <see cref="StartInBackground"/> started last. The task never fails.</summary>
    public Task InBackground
    {
        get
        {
            lock (_gate)
                return _last.Task;
        }
    }

    /// <summary>Flushes within the limit, which includes the encoding.</summary>
    /// <param name="why">The reason, for the log.</param>
    /// <param name="measured">Whether the budget learns from this flush. It does not when the flush shared the CPU with the handler.</param>
    public async Task FlushAsync(string why, TimeSpan limit, bool measured, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var before = Log.IsDebug ? new FlushNote(ledger) : null;
        policy.FlushStarted();
        var outcome = FlushOutcome.Incomplete;
        try
        {
            CollectOrLog();
            // At zero nothing is sent, and what was collected waits for the next flush.
            var left = limit - time.GetElapsedTime(started);
            var summary = await delivery.DeliverAsync(DeliveryMode.Once, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            var took = time.GetElapsedTime(started);
            // Payloads that wait for a failing destination say nothing about the time that the others need.
            outcome = summary.LeftPayloads == 0 ? FlushOutcome.Complete
                : summary.WasCutOff ? FlushOutcome.CutOff
                : summary.HealthyAreDone ? FlushOutcome.Complete
                : FlushOutcome.Incomplete;
            if (measured && outcome == FlushOutcome.Complete && summary.HasDelivered)
                budget.Finished(took, nothingWaits: summary.LeftPayloads == 0);
            else if (measured && outcome == FlushOutcome.CutOff)
                budget.CutOff();
            before?.Write(why, outcome, summary.LeftPayloads, took, limit);
            trace?.Write(why, outcome, summary, took, limit);
        }
        catch (Exception e)
        {
            // A boundary: a bug in the extension must not reach the customer's function.
            Log.WarnOnce("flush", $"a flush failed: {Reason.OfBug(e)}");
        }
        finally
        {
            if (policy.Flushed(outcome) == FlushDecision.Background)
                StartInBackground("something came during the last flush");
            if (delivery.HasSilentWork)
                StartSilent();
            // Their delivery failed for good, so no invocation waits for them.
            if (delivery.HasExpired)
                _ = Task.Run(() => delivery.WriteExpiredAsync(deadLetters, CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>
    /// Starts a flush that nobody waits for, at most one at a time. A request during a flush starts another one after it. A freeze may interrupt the flush,
    /// which continues after the thaw.
    /// </summary>
    public void StartInBackground(string why)
    {
        lock (_gate)
        {
            if (_ended || Interlocked.Exchange(ref _background, Requested) != Idle)
                return;
            var cutOff = new CancellationTokenSource();
            _last = (Task.Run(() => RunInBackgroundAsync(why, cutOff.Token)), cutOff);
        }
    }

    /// <summary>Cancels the background flush. What it has not delivered stays for the next one.</summary>
    public void CutOffInBackground()
    {
        CancellationTokenSource? cutOff;
        lock (_gate)
            cutOff = _last.CutOff;
        cutOff?.Cancel();
    }

    /// <summary>
    /// Starts requests to destinations that gave no answer in the last flushes, at most one run at a time. No invocation waits for the run, so a freeze may
    /// interrupt it.
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

    /// <summary>Prevents further flushes. The shutdown sends everything itself, and a request that it cuts off in another flush might arrive twice.</summary>
    public void End() => _ended = true;

    /// <summary>A boundary: a failure to collect must not prevent the delivery of what is already encoded.</summary>
    private void CollectOrLog()
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
            // Skip also a flush that was requested meanwhile.
            if (cutOff.IsCancellationRequested)
                Volatile.Write(ref _background, Running);
        }
        while (Interlocked.CompareExchange(ref _background, Idle, Running) != Running && !_ended);
    }
}
