using System.Runtime.CompilerServices;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Native;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// The main loop after start-up: INVOKE, INVOKE, ..., SHUTDOWN. For each INVOKE the policy decides when to flush. Next follows when the flush is done, or
/// at once when none is due. Nothing here delays an invocation longer than its budget.
/// </summary>
/// <param name="onEvent">Called for every event before anything else. Cheap, and does not throw.</param>
internal sealed class ExtensionLoop(
    IExtensionEvents extensions, TelemetryCollector collector, Flusher flusher, FlushPolicy policy, FlushBudget budget, InvocationSignals signals,
    OtlpIntake? otlp, Shutdown shutdown, TimeProvider time, Action? onEvent = null)
{
    /// <summary>The time before the function's timeout that is kept for the flush and Next, when the runtime does not finish.</summary>
    private static readonly TimeSpan InvokeMargin = TimeSpan.FromMilliseconds(250);

    /// <summary>The part of that margin for Next. The flush gets the rest, because a request that is cut off in transit is sent again.</summary>
    private static readonly TimeSpan NextMargin = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait for an OTLP request that was arriving when the runtime finished.</summary>
    private static readonly TimeSpan InFlightLimit = TimeSpan.FromMilliseconds(20);

    /// <summary>Called at each INVOKE, before anything else is made of it.</summary>
    public Action? Invoked { get; init; }

    /// <summary>Runs until the end is handled. The caller has sent the first Next.</summary>
    /// <returns>How it ended: by SHUTDOWN, or because the Extensions API is gone.</returns>
    public async Task<ExtensionEvent> RunAsync()
    {
        using var longInvocations = time.CreateTimer(_ => Guarded(() => Follow(policy.OnLongInvocation(), "the interval is over")), null, policy.LongInvocation, policy.LongInvocation);
        string? lastRequestId = null;
        var upkeep = new MemoryUpkeep(static () => GC.GetTotalAllocatedBytes());
        while (true)
        {
            var next = await extensions.NextAsync(CancellationToken.None).ConfigureAwait(false);
            if (onEvent is not null)
                Guarded(onEvent);
            switch (next)
            {
                case ExtensionEvent.Invoke invoke:
                    lastRequestId = invoke.RequestId;
                    await GuardedAsync(() => OnInvokeAsync(invoke)).ConfigureAwait(false);
                    signals.Handled(invoke.RequestId);
                    break;
                case ExtensionEvent.Shutdown end:
                    await LeaveThread();
                    flusher.End();
                    await shutdown.RunAsync(end, lastRequestId).ConfigureAwait(false);
                    return end;
                case ExtensionEvent.Lost lost:
                    await LeaveThread();
                    Log.Error($"{lost.Reason}; exiting after everything is delivered or written as a dead letter");
                    flusher.End();
                    // Handle it as a shutdown without a deadline. There is no next generation that would find files.
                    await shutdown.RunAsync(new("lost", 0), lastRequestId).ConfigureAwait(false);
                    return lost;
            }

            extensions.SendNext();
            Guarded(() => upkeep.Run());
        }
    }

    /// <summary>The buffer exceeded its threshold. Called on a listener's thread.</summary>
    public void OnOverThreshold() => Guarded(() => Follow(policy.OnThreshold(), "the buffer is filling up"));

    /// <summary>The runtime finished a request. Called by the listener, possibly long after Next was sent. A failure is flushed at once even then.</summary>
    public void OnRuntimeDone(string requestId, bool failed) =>
        Guarded(() => Follow(policy.InvocationEnded(requestId, Status(failed)), "an invocation has failed"));

    /// <summary>The platform reported a request without a runtimeDone.</summary>
    public void OnReportedOnly(string requestId, bool failed) =>
        Guarded(() => Follow(policy.InvocationReported(requestId, Status(failed)), "an invocation has failed"));

    private static InvocationStatus Status(bool failed) => failed ? InvocationStatus.Failed : InvocationStatus.Success;

    private async Task OnInvokeAsync(ExtensionEvent.Invoke invoke)
    {
        Invoked?.Invoke();
        var deadline = Deadline.OfInvoke(invoke.DeadlineMs, InvokeMargin, time);
        collector.OnInvoke(invoke);
        var decision = policy.OnInvoke(new(invoke.RequestId, collector.OldestAge, collector.IsOverThreshold, flusher.HasResponsiveDestination));
        Follow(decision, "an invocation begins");
        var held = TimeSpan.Zero;
        if (decision.HasFlag(FlushDecision.AtStart))
            held = await FlushBesideHandlerAsync(invoke.RequestId, deadline).ConfigureAwait(false);
        if (decision.HasFlag(FlushDecision.AfterInvocation))
            held += await FlushAfterInvocationAsync(invoke.RequestId, deadline, held).ConfigureAwait(false);
        held += await FinishInBackgroundAsync(invoke.RequestId, deadline, held).ConfigureAwait(false);
        budget.RecordHoldTime(held);
    }

    /// <param name="spent">The part of the invocation's one budget that is already used.</param>
    /// <returns>How long this held the invocation when its runtime was done.</returns>
    private async Task<TimeSpan> FlushAfterInvocationAsync(string requestId, Deadline deadline, TimeSpan spent)
    {
        if (!await RuntimeDoneAsync(requestId, deadline).ConfigureAwait(false))
            policy.RuntimeDoneMissed();
        await LeaveThread();
        var done = time.GetTimestamp();
        var limit = budget.AfterRuntimeDone(deadline.Later(InvokeMargin - NextMargin)) - spent;
        await AwaitArrivingOtlpAsync(limit).ConfigureAwait(false);
        // A background flush that hangs blocks its destinations, or is about to release them. It gets half of the remaining time.
        await FinishInBackgroundAsync(requestId, deadline, spent + ((limit - time.GetElapsedTime(done)) / 2)).ConfigureAwait(false);
        var left = limit - time.GetElapsedTime(done);
        if (left > TimeSpan.Zero)
            await flusher.FlushAsync("the invocation has ended", left, measured: spent == TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        if (collector.TakeReportedOverhead() is { } overhead)
            budget.OverheadReported(overhead);
        return time.GetElapsedTime(done);
    }

    /// <summary>Flushes while the handler runs, which is free. After the handler the flush takes no longer than the budget.</summary>
    /// <returns>How long this held the invocation when its runtime was done.</returns>
    private async Task<TimeSpan> FlushBesideHandlerAsync(string requestId, Deadline deadline)
    {
        await LeaveThread();
        var started = time.GetTimestamp();
        using var cutOff = CutOff(deadline, TimeSpan.Zero);
        var flush = flusher.FlushAsync("an invocation begins", deadline.Remaining, measured: false, cutOff.Token);
        return await BesideHandlerAsync(flush, started, cutOff, requestId, deadline, default).ConfigureAwait(false);
    }

    /// <summary>Waits in the same way for a background flush that started in the middle or after the last Next, unless it may outlive Next.</summary>
    private async Task<TimeSpan> FinishInBackgroundAsync(string requestId, Deadline deadline, TimeSpan spent)
    {
        var flush = flusher.InBackground;
        if (flush.IsCompleted || policy.MayOutliveNext)
            return TimeSpan.Zero;
        var started = time.GetTimestamp();
        using var cutOff = CutOff(deadline, spent);
        using var registration = cutOff.Token.Register(flusher.CutOffInBackground);
        return await BesideHandlerAsync(flush, started, cutOff, requestId, deadline, spent).ConfigureAwait(false);
    }

    /// <summary>Creates the token that ends a flush. Without a runtimeDone the budget counts from the start.</summary>
    private CancellationTokenSource CutOff(Deadline deadline, TimeSpan spent) =>
        deadline.CreateCancellation(policy.ExpectsRuntimeDone ? null : budget.WithoutRuntimeDone(deadline) - spent);

    private async Task<TimeSpan> BesideHandlerAsync(
        Task flush, long started, CancellationTokenSource cutOff, string requestId, Deadline deadline, TimeSpan spent)
    {
        var isBlind = !policy.ExpectsRuntimeDone;
        await Task.WhenAny(flush, signals.RuntimeDoneAsync(requestId)).ConfigureAwait(false);
        if (flush.IsCompleted)
            return isBlind ? time.GetElapsedTime(started) : TimeSpan.Zero;
        var done = time.GetTimestamp();
        var left = budget.AfterRuntimeDone(deadline) - spent;
        if (left > TimeSpan.Zero)
            cutOff.CancelAfter(left);
        else
            await cutOff.CancelAsync().ConfigureAwait(false);
        await flush.ConfigureAwait(false);
        return time.GetElapsedTime(done);
    }

    /// <summary>An event is handled on the thread that serves the Telemetry API, as long as that takes no time. A flush does.</summary>
    private static ConfiguredTaskAwaitable LeaveThread() => Task.CompletedTask.ConfigureAwait(
        Thread.CurrentThread.IsThreadPoolThread ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);

    /// <summary>Waits for runtimeDone. Returns false when the deadline came first.</summary>
    private async Task<bool> RuntimeDoneAsync(string requestId, Deadline deadline)
    {
        var done = signals.RuntimeDoneAsync(requestId);
        if (!done.IsCompleted)
        {
            using var cancellation = deadline.CreateCancellation();
            await done.WaitAsync(cancellation.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return done.IsCompleted;
    }

    /// <summary>Waits for the requests that were arriving when the runtime finished.</summary>
    private async Task AwaitArrivingOtlpAsync(TimeSpan limit)
    {
        if (otlp is not { InFlight.Count: > 0 } || limit <= TimeSpan.Zero)
            return;
        using var cancellation = new CancellationTokenSource(limit < InFlightLimit ? limit : InFlightLimit, time);
        await otlp.InFlight.WaitAsync(cancellation.Token).ConfigureAwait(false);
    }

    private void Follow(FlushDecision decision, string why)
    {
        if (decision.HasFlag(FlushDecision.Background))
            flusher.StartInBackground(why);
    }

    // Boundaries: a bug here costs one flush and not the function, which Lambda fails when its extension exits.
    private static async Task GuardedAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogBug(e);
        }
    }

    private static void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            LogBug(e);
        }
    }

    private static void LogBug(Exception e) => Log.WarnOnce("loop", $"internal error while handling an invocation: {Reason.OfBug(e)}");
}
