using System.Globalization;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>Runs one invocation: thaw or init again, deliver the event, wait for every Next, freeze, report.</summary>
internal sealed class InvokePhase(
    PlatformState platform, TelemetryStream telemetry, ProcessSet processes, InitPhase init, EndPhase ending, ImposedFreezes freezes, string logStream) : IDisposable
{
    private static readonly TimeSpan TelemetryInFlight = TimeSpan.FromMilliseconds(50);

    private readonly SandboxOptions options = platform.Options;
    private readonly InvocationEvents telling = new(platform, telemetry);
    private readonly Dictionary<int, TimeSpan> stoppedBefore = [];
    private readonly SemaphoreSlim oneGenerationAtATime = new(1);
    private bool restored;
    private TimeSpan? restoreDuration;
    private bool initWasReported;

    private bool Managed => options.InitializationType == InitializationType.ManagedInstances;

    public async Task<InvocationResult> RunAsync(string payload, InvokeOptions invokeOptions, CancellationToken cancellation)
    {
        var invocation = new Invocation(
            invokeOptions.RequestId ?? Guid.NewGuid().ToString(), payload, invokeOptions, TraceContext.Create(options.Tracing, invokeOptions));
        if (options.Faults.BeforeInvocation is { } before)
            await before(cancellation).ConfigureAwait(false);
        var arrival = DateTimeOffset.UtcNow;
        Begin(invocation, arrival);

        await oneGenerationAtATime.WaitAsync(cancellation).ConfigureAwait(false);
        Generation generation;
        IReadOnlyList<StoppedProcess> frozen = [];
        bool initIsPartOfIt;
        try
        {
            if (platform.Current is { Fault: not null })
                await ending.RunAsync("failure").ConfigureAwait(false);
            initIsPartOfIt = platform.Current is null;
            if (initIsPartOfIt)
                await InitAsync(invocation, cancellation).ConfigureAwait(false);
            else
                frozen = await WakeAsync(platform.Current!, invocation, cancellation).ConfigureAwait(false);
            generation = platform.Current!;
        }
        finally
        {
            oneGenerationAtATime.Release();
        }

        if (!(initIsPartOfIt && options.SuppressedInitAfterStart))
            telling.Start(invocation);
        var outcome = generation.Fault is null
            ? await RunAsync(generation, invocation, cancellation).ConfigureAwait(false)
            : Failed(generation, invocation);
        outcome = outcome with { Start = initIsPartOfIt ? arrival : invocation.StartedAt };
        return await ConcludeAsync(generation, invocation, outcome, frozen).ConfigureAwait(false);
    }

    public void Dispose() => oneGenerationAtATime.Dispose();

    public async Task FreezeAsync(Generation generation)
    {
        if (Managed || options.Freeze == FreezeMode.None)
            return;
        await freezes.BetweenAsync(async () =>
        {
            await telemetry.PauseAsync(TelemetryInFlight).ConfigureAwait(false);
            processes.Freeze(generation);
        }).ConfigureAwait(false);
        platform.Reached(LifePoint.Frozen);
    }

    private async Task<IReadOnlyList<StoppedProcess>> ThawAsync(Generation generation)
    {
        await freezes.BetweenAsync(() =>
        {
            processes.Thaw(generation);
            telemetry.Resume();
        }).ConfigureAwait(false);
        List<StoppedProcess> list = [];
        foreach (var process in generation.Processes)
        {
            list.Add(new StoppedProcess(process.Name, process.Pid, process.StoppedFor - stoppedBefore.GetValueOrDefault(process.Pid)));
            stoppedBefore[process.Pid] = process.StoppedFor;
        }

        return list;
    }

    private async Task InitAsync(Invocation invocation, CancellationToken cancellation)
    {
        // This event belongs to the new generation, so that its subscribers get it.
        Action? first = options.SuppressedInitAfterStart ? () => telling.Start(invocation) : null;
        await init.RunAsync("invoke", options.Timeout, invocation.Trace, cancellation, first).ConfigureAwait(false);
        initWasReported = true;
        // This init has no snapshot, so the runtime's restore/next is answered at once, without a restore phase.
        restored = true;
        platform.Gate.Do(() => platform.Current!.RestoreReleased = true);
    }

    private async Task<IReadOnlyList<StoppedProcess>> WakeAsync(Generation generation, Invocation invocation, CancellationToken cancellation)
    {
        var frozen = await ThawAsync(generation).ConfigureAwait(false);
        await RestoreAsync(generation, cancellation).ConfigureAwait(false);
        Begin(invocation, DateTimeOffset.UtcNow);
        return frozen;
    }

    private void Begin(Invocation invocation, DateTimeOffset start)
    {
        invocation.StartedAt = start;
        invocation.Deadline = start + options.Timeout;
        invocation.Limit = platform.Gate.Clock + options.Timeout;
    }

    private async Task<InvocationOutcome> RunAsync(Generation generation, Invocation invocation, CancellationToken cancellation)
    {
        platform.Gate.Do(() =>
        {
            generation.Offered.Enqueue(invocation);
            generation.OfferToExtensions("INVOKE", () => options.Faults.Changed(telling.InvokeEvent(invocation)));
        });
        platform.Reached(LifePoint.Invoke);
        var hook = invocation.Options.WhileRunning?.Invoke(new RunningInvocation(
            invocation.RequestId, invocation.StartedAt, invocation.Deadline, invocation.Trace.Header)) ?? Task.CompletedTask;
        if (invocation.Options.OutOfMemoryAfter is { } after)
            _ = Task.Delay(after, cancellation).ContinueWith(_ => generation.RuntimeProcess?.Signal(Native.SigKill), TaskScheduler.Default);

        var inTime = await WaitAsync(generation, invocation, () => IsDone(invocation), cancellation).ConfigureAwait(false);
        await hook.ConfigureAwait(false);
        ProcessSet.DrainRuntimeOutput(generation);
        if (!inTime || !IsDone(invocation))
            return Cut(generation, invocation, inTime);
        if (Managed)
        {
            Discard(generation, invocation, expired: false);
            return new InvocationOutcome(StatusOf(invocation), invocation.Error?.ErrorType, invocation.ResponseEndedAt!.Value, TimeSpan.Zero, false);
        }

        var doneAt = invocation.RuntimeDoneAt!.Value;
        telling.RuntimeDone(invocation, StatusOf(invocation), invocation.Error?.ErrorType, doneAt);
        platform.Reached(LifePoint.PostRuntime);
        inTime = await WaitAsync(generation, invocation, () => generation.IsIdle, cancellation).ConfigureAwait(false);
        var last = platform.Gate.Read(() => generation.Extensions.Select(e => e.NextAt).Append(doneAt).Max());
        if (!inTime)
            return new InvocationOutcome("timeout", null, invocation.Deadline, invocation.Deadline - doneAt, true);
        return generation.Fault is { } fault
            ? new InvocationOutcome("error", fault, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow - doneAt, true)
            : new InvocationOutcome(StatusOf(invocation), invocation.Error?.ErrorType, last, last - doneAt, false)
            {
                AfterRuntimeDone = last - telemetry.Subscribers.Max(s => s.RuntimeDoneSentAt) is { } since && since > TimeSpan.Zero && since < last - doneAt ? since : null,
            };
    }

    /// <summary>Ends an invocation that the runtime did not finish: it timed out, it died, or an extension did.</summary>
    private InvocationOutcome Cut(Generation generation, Invocation invocation, bool inTime)
    {
        if (inTime)
            return Failed(generation, invocation);
        if (Managed)
            Discard(generation, invocation, expired: true);
        else
            telling.RuntimeDone(invocation, "timeout", null, invocation.Deadline);
        processes.WriteFunctionLine(TimeoutLine(invocation));
        return new InvocationOutcome("timeout", null, invocation.Deadline, TimeSpan.Zero, !Managed);
    }

    private InvocationOutcome Failed(Generation generation, Invocation invocation)
    {
        var now = DateTimeOffset.UtcNow;
        var fault = generation.Fault ?? "Sandbox.Failure";
        if (fault == "Runtime.ExitError")
            processes.WriteFunctionLine($"RequestId: {invocation.RequestId} Error: {Reasons.ExitOfRuntime(generation.RuntimeExitCode)}\n{fault}");
        var status = fault switch
        {
            "Sandbox.Timedout" => "timeout",
            _ when fault.StartsWith("Sandbox.", StringComparison.Ordinal) => "failure",
            _ => "error",
        };
        if (!Managed)
            telling.RuntimeDone(invocation, status, status == "timeout" ? null : fault, now);
        return new InvocationOutcome(status, fault, now, TimeSpan.Zero, true);
    }

    private async Task<InvocationResult> ConcludeAsync(
        Generation generation, Invocation invocation, InvocationOutcome outcome, IReadOnlyList<StoppedProcess> frozen)
    {
        var memory = processes.MaxMemoryUsedMb(generation);
        var outOfMemory = processes.RanOutOfMemory || invocation.Options.OutOfMemoryAfter is not null;
        if (outOfMemory)
            memory = options.MemorySizeMb;
        var duration = outcome.End - outcome.Start;
        var initDuration = initWasReported || options.InitializationType != InitializationType.OnDemand ? null : generation.InitDuration;
        initWasReported = true;
        var billed = TimeSpan.FromMilliseconds(Math.Ceiling((duration + (initDuration ?? TimeSpan.Zero)).TotalMilliseconds));
        var restoring = restoreDuration;
        restoreDuration = null;
        void Report() => telling.Report(invocation, outcome, new InvocationFigures(duration, billed, initDuration, restoring, memory));

        if (outcome.Reset)
        {
            if (options.ReportAfterReset == ReportAfterReset.BeforeShutdown)
                Report();
            await ResetAsync(generation, outcome.Status == "timeout" ? "timeout" : "failure").ConfigureAwait(false);
            if (options.ReportAfterReset == ReportAfterReset.NextGeneration)
                Report();
        }
        else
        {
            await FreezeAsync(generation).ConfigureAwait(false);
            Report();
        }

        var answered = invocation.HasAnswered;
        var error = answered ? invocation.Error : Unanswered(generation, invocation, outcome, outOfMemory);
        invocation.Options.Response?.End(error);
        return new InvocationResult(
            invocation.RequestId, outcome.Status, invocation.Response, error, outcome.Start, duration, billed,
            invocation.ResponseEndedAt - invocation.HandedAt, outcome.ExtensionOverhead, initDuration, memory, invocation.Trace.Header, outOfMemory, frozen)
        {
            AfterRuntimeDone = outcome.AfterRuntimeDone,
        };
    }

    /// <summary>Resets the environment. When several invocations overlap in a generation, the first to fail ends it.</summary>
    private async Task ResetAsync(Generation generation, string reason)
    {
        await oneGenerationAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            if (platform.Current == generation)
                await ending.RunAsync(reason).ConfigureAwait(false);
        }
        finally
        {
            oneGenerationAtATime.Release();
        }
    }

    private async Task RestoreAsync(Generation generation, CancellationToken cancellation)
    {
        if (options.InitializationType != InitializationType.SnapStart || restored)
            return;
        restored = true;
        var start = DateTimeOffset.UtcNow;
        telemetry.Emit("platform.restoreStart", PlatformEvents.RestoreStart(options, logStream));
        platform.Gate.Do(() => generation.RestoreReleased = true);
        var inTime = await platform.Gate.WaitAsync(
            () => generation.RuntimeFirstNextAt is not null || generation.Runtime == RuntimeState.InitError || generation.Fault is not null,
            TimeSpan.FromSeconds(10), cancellation).ConfigureAwait(false);
        if (!inTime)
            platform.Gate.Do(() => generation.Fail("Sandbox.Timedout", "the restore did not end within 10.00 seconds"));
        else if (generation.Runtime == RuntimeState.InitError)
            platform.Gate.Do(() => generation.Fail(generation.InitError?.ErrorType ?? "Runtime.Unknown", "the runtime reported a restore error"));
        var status = generation.Fault is null ? "success" : inTime ? "error" : "timeout";
        restoreDuration = DateTimeOffset.UtcNow - start;
        telemetry.Emit("platform.restoreRuntimeDone", PlatformEvents.Restored(status, generation.Fault, null));
        telemetry.Emit("platform.restoreReport", PlatformEvents.Restored(status, generation.Fault, restoreDuration));
    }

    private Task<bool> WaitAsync(Generation generation, Invocation invocation, Func<bool> condition, CancellationToken cancellation) =>
        platform.Gate.WaitAsync(() => generation.Fault is not null || condition(), invocation.Limit - platform.Gate.Clock, cancellation);

    /// <summary>Removes an invocation on managed instances, where nothing waits for the runtime's following Next.</summary>
    private void Discard(Generation generation, Invocation invocation, bool expired) => platform.Gate.Do(() =>
    {
        generation.Active.Remove(invocation.RequestId);
        if (expired)
            generation.Expired.Add(invocation.RequestId);
    });

    private bool IsDone(Invocation invocation) => Managed ? invocation.HasAnswered : invocation.RuntimeDoneAt is not null;

    private static string StatusOf(Invocation invocation) => invocation.Error is null ? "success" : "error";

    private static string TimeoutLine(Invocation invocation) => string.Create(
        CultureInfo.InvariantCulture,
        $"{TelemetryEvent.Iso(invocation.Deadline)} {invocation.RequestId} {Reasons.TimedOut(invocation.Deadline - invocation.StartedAt)}");

    /// <summary>The error for an invocation without an answer from the runtime.</summary>
    private InvocationError Unanswered(Generation generation, Invocation invocation, InvocationOutcome outcome, bool outOfMemory)
    {
        if (generation.InitError is { } init)
            return init with { Reason = generation.FaultReason };
        var timedOut = outcome.Status == "timeout";
        var type = timedOut ? "Sandbox.Timedout" : outcome.ErrorType ?? "Sandbox.Failure";
        var reason = generation.FaultReason ?? (timedOut ? Reasons.TimedOut(invocation.Deadline - invocation.StartedAt) : type);
        return new InvocationError(type, Reasons.Answer(invocation.RequestId, type, reason))
        {
            Reason = reason,
            Advice = Reasons.Advice(type, generation, options, outOfMemory),
        };
    }
}
