using System.Globalization;
using System.Text.Json.Nodes;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>One invocation: thaw (or init again), hand the event over, wait for everybody's Next, freeze, report.</summary>
internal sealed class InvokePhase(
    PlatformState platform, TelemetryStream telemetry, ProcessSet processes, InitPhase init, EndPhase ending, string logStream)
{
    private static readonly TimeSpan TelemetryInFlight = TimeSpan.FromMilliseconds(50);

    private readonly SandboxOptions options = platform.Options;
    private readonly Dictionary<int, TimeSpan> stoppedBefore = [];
    private bool restored;
    private TimeSpan? restoreDuration;
    private bool initWasReported;

    private bool Managed => options.InitializationType == InitializationType.ManagedInstances;

    public async Task<InvocationResult> RunAsync(string payload, InvokeOptions invokeOptions, CancellationToken cancellation)
    {
        var invocation = new Invocation(
            invokeOptions.RequestId ?? Guid.NewGuid().ToString(), payload, invokeOptions, TraceContext.Create(options.Tracing, invokeOptions));
        var arrival = DateTimeOffset.UtcNow;
        invocation.StartedAt = arrival;
        invocation.Deadline = arrival + options.Timeout;
        if (platform.Current is { Fault: not null })
            await ending.RunAsync("failure").ConfigureAwait(false);

        IReadOnlyList<StoppedProcess> frozen = [];
        var initIsPartOfIt = platform.Current is null;
        if (initIsPartOfIt)
        {
            if (options.SuppressedInitAfterStart)
                EmitStart(invocation);
            await init.RunAsync("invoke", options.Timeout, invocation.Trace, cancellation).ConfigureAwait(false);
            initWasReported = true;
        }
        else
        {
            frozen = Thaw(platform.Current!);
            await RestoreAsync(platform.Current!, cancellation).ConfigureAwait(false);
            invocation.StartedAt = DateTimeOffset.UtcNow;
            invocation.Deadline = invocation.StartedAt + options.Timeout;
        }

        var generation = platform.Current!;
        if (!(initIsPartOfIt && options.SuppressedInitAfterStart))
            EmitStart(invocation);
        var outcome = generation.Fault is null
            ? await RunAsync(generation, invocation, cancellation).ConfigureAwait(false)
            : Failed(generation, invocation);
        outcome = outcome with { Start = initIsPartOfIt ? arrival : invocation.StartedAt };
        return await ConcludeAsync(generation, invocation, outcome, frozen).ConfigureAwait(false);
    }

    public async Task FreezeAsync(Generation generation)
    {
        if (Managed || options.Freeze == FreezeMode.None)
            return;
        await telemetry.PauseAsync(TelemetryInFlight).ConfigureAwait(false);
        processes.Freeze(generation);
    }

    public IReadOnlyList<StoppedProcess> Thaw(Generation generation)
    {
        processes.Thaw(generation);
        telemetry.Resume();
        List<StoppedProcess> list = [];
        foreach (var process in generation.Processes)
        {
            list.Add(new StoppedProcess(process.Name, process.Pid, process.StoppedFor - stoppedBefore.GetValueOrDefault(process.Pid)));
            stoppedBefore[process.Pid] = process.StoppedFor;
        }

        return list;
    }

    private async Task<Outcome> RunAsync(Generation generation, Invocation invocation, CancellationToken cancellation)
    {
        platform.Gate.Do(() =>
        {
            generation.Offered.Enqueue(invocation);
            generation.OfferToExtensions("INVOKE", () => InvokeEvent(invocation));
        });
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
            await ForgetAsync(generation, invocation, cancellation).ConfigureAwait(false);
            return new Outcome(StatusOf(invocation), invocation.Error?.ErrorType, invocation.ResponseEndedAt!.Value, TimeSpan.Zero, false);
        }

        var doneAt = invocation.RuntimeDoneAt!.Value;
        EmitRuntimeDone(invocation, StatusOf(invocation), invocation.Error?.ErrorType, doneAt);
        inTime = await WaitAsync(generation, invocation, () => generation.IsIdle, cancellation).ConfigureAwait(false);
        var last = platform.Gate.Read(() => generation.Extensions.Select(e => e.NextAt).Append(doneAt).Max());
        if (!inTime)
            return new Outcome("timeout", null, invocation.Deadline, invocation.Deadline - doneAt, true);
        return generation.Fault is { } fault
            ? new Outcome("error", fault, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow - doneAt, true)
            : new Outcome(StatusOf(invocation), invocation.Error?.ErrorType, last, last - doneAt, false);
    }

    /// <summary>The runtime did not finish: it ran out of time, it died, or an extension did.</summary>
    private Outcome Cut(Generation generation, Invocation invocation, bool inTime)
    {
        if (inTime)
            return Failed(generation, invocation);
        if (!Managed)
            EmitRuntimeDone(invocation, "timeout", null, invocation.Deadline);
        processes.WriteFunctionLine(TimeoutLine(invocation));
        return new Outcome("timeout", null, invocation.Deadline, TimeSpan.Zero, !Managed);
    }

    private Outcome Failed(Generation generation, Invocation invocation)
    {
        var now = DateTimeOffset.UtcNow;
        var fault = generation.Fault ?? "Sandbox.Failure";
        if (fault == "Runtime.ExitError")
            processes.WriteFunctionLine($"RequestId: {invocation.RequestId} Error: Runtime exited with error: {HowItEnded(generation)}\n{fault}");
        var status = fault switch
        {
            "Sandbox.Timedout" => "timeout",
            _ when fault.StartsWith("Sandbox.", StringComparison.Ordinal) => "failure",
            _ => "error",
        };
        if (!Managed)
            EmitRuntimeDone(invocation, status, status == "timeout" ? null : fault, now);
        return new Outcome(status, fault, now, TimeSpan.Zero, true);
    }

    private async Task<InvocationResult> ConcludeAsync(
        Generation generation, Invocation invocation, Outcome outcome, IReadOnlyList<StoppedProcess> frozen)
    {
        var memory = processes.MaxMemoryUsedMb(generation);
        var outOfMemory = processes.RanOutOfMemory || invocation.Options.OutOfMemoryAfter is not null;
        if (outOfMemory)
            memory = options.MemorySizeMb;
        var duration = outcome.End - outcome.Start;
        var initDuration = initWasReported || options.InitializationType != InitializationType.OnDemand ? null : generation.InitDuration;
        initWasReported = true;
        var billed = TimeSpan.FromMilliseconds(Math.Ceiling((duration + (initDuration ?? TimeSpan.Zero)).TotalMilliseconds));
        void Report() => EmitReport(invocation, outcome, duration, billed, initDuration, memory);

        if (outcome.Reset)
        {
            if (options.ReportAfterReset == ReportAfterReset.BeforeShutdown)
                Report();
            await ending.RunAsync(outcome.Status == "timeout" ? "timeout" : "failure").ConfigureAwait(false);
            if (options.ReportAfterReset == ReportAfterReset.NextGeneration)
                Report();
        }
        else
        {
            await FreezeAsync(generation).ConfigureAwait(false);
            Report();
        }

        var answered = invocation.HasAnswered;
        var error = answered ? invocation.Error : new InvocationError(
            outcome.Status == "timeout" ? "Sandbox.Timedout" : outcome.ErrorType ?? "Sandbox.Failure",
            outcome.Status == "timeout" ? TimeoutLine(invocation) : null);
        return new InvocationResult(
            invocation.RequestId, outcome.Status, invocation.Response, error, outcome.Start, duration, billed,
            invocation.ResponseEndedAt - invocation.HandedAt, outcome.ExtensionOverhead, initDuration, memory, invocation.Trace.Header, outOfMemory, frozen);
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
            platform.Gate.Do(() => generation.Fail("Sandbox.Timedout"));
        else if (generation.Runtime == RuntimeState.InitError)
            platform.Gate.Do(() => generation.Fail(generation.InitError?.ErrorType ?? "Runtime.Unknown"));
        var status = generation.Fault is null ? "success" : inTime ? "error" : "timeout";
        restoreDuration = DateTimeOffset.UtcNow - start;
        telemetry.Emit("platform.restoreRuntimeDone", PlatformEvents.Restored(status, generation.Fault, null));
        telemetry.Emit("platform.restoreReport", PlatformEvents.Restored(status, generation.Fault, restoreDuration));
    }

    private Task<bool> WaitAsync(Generation generation, Invocation invocation, Func<bool> condition, CancellationToken cancellation) =>
        platform.Gate.WaitAsync(() => generation.Fault is not null || condition(), invocation.Deadline - DateTimeOffset.UtcNow, cancellation);

    /// <summary>An answered invocation of managed instances leaves with the runtime's next Next; nobody waits for that.</summary>
    private Task ForgetAsync(Generation generation, Invocation invocation, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        platform.Gate.Do(() => generation.Active.Remove(invocation.RequestId));
        return Task.CompletedTask;
    }

    private bool IsDone(Invocation invocation) => Managed ? invocation.HasAnswered : invocation.RuntimeDoneAt is not null;

    private static string StatusOf(Invocation invocation) => invocation.Error is null ? "success" : "error";

    private static string TimeoutLine(Invocation invocation) => string.Create(
        CultureInfo.InvariantCulture,
        $"{TelemetryEvent.Iso(invocation.Deadline)} {invocation.RequestId} Task timed out after {(invocation.Deadline - invocation.StartedAt).TotalSeconds:F2} seconds");

    private static string HowItEnded(Generation generation) => generation.RuntimeExitCode switch
    {
        null => "it is gone",
        137 => "signal: killed",
        var code => $"exit status {code}",
    };

    private JsonObject InvokeEvent(Invocation invocation)
    {
        var item = new JsonObject
        {
            ["eventType"] = "INVOKE",
            ["deadlineMs"] = invocation.Deadline.ToUnixTimeMilliseconds(),
            ["requestId"] = invocation.RequestId,
            ["invokedFunctionArn"] = platform.FunctionArn,
        };
        if (invocation.Trace.Header is { } header)
            item["tracing"] = new JsonObject { ["type"] = "X-Amzn-Trace-Id", ["value"] = header };
        return item;
    }

    private void EmitStart(Invocation invocation) => telemetry.Emit("platform.start", PlatformEvents.Start(
        options, invocation.RequestId, platform.FunctionArn, invocation.Trace.Tracing(), invocation.Options.TenantId), invocation.StartedAt);

    private void EmitRuntimeDone(Invocation invocation, string status, string? errorType, DateTimeOffset doneAt) => telemetry.Emit(
        "platform.runtimeDone",
        PlatformEvents.RuntimeDone(
            invocation.RequestId, status, errorType, doneAt - invocation.StartedAt, invocation.ProducedBytes,
            ResponseSpans(invocation, withOverhead: true), invocation.Trace.Tracing(), invocation.Options.TenantId));

    private void EmitReport(Invocation invocation, Outcome outcome, TimeSpan duration, TimeSpan billed, TimeSpan? initDuration, int memory)
    {
        var metrics = new JsonObject { ["durationMs"] = PlatformEvents.Ms(duration) };
        JsonArray spans = [];
        if (Managed)
        {
            spans = ResponseSpans(invocation, withOverhead: false);
        }
        else
        {
            metrics["billedDurationMs"] = (long)billed.TotalMilliseconds;
            metrics["memorySizeMB"] = options.MemorySizeMb;
            metrics["maxMemoryUsedMB"] = memory;
            metrics["initDurationMs"] = initDuration is { } value ? PlatformEvents.Ms(value) : null;
            metrics["restoreDurationMs"] = restoreDuration is { } restoring ? PlatformEvents.Ms(restoring) : null;
            restoreDuration = null;
            if (invocation.RuntimeDoneAt is { } doneAt)
                spans.Add((JsonNode)PlatformEvents.Span("extensionOverhead", doneAt, outcome.ExtensionOverhead));
        }

        telemetry.Emit("platform.report", PlatformEvents.Report(
            invocation.RequestId, outcome.Status, outcome.ErrorType, metrics, spans, invocation.Trace.Tracing(), invocation.Options.TenantId));
    }

    private static JsonArray ResponseSpans(Invocation invocation, bool withOverhead)
    {
        JsonArray spans = [];
        if (invocation is not { HandedAt: { } handed, ResponseStartedAt: { } started, ResponseEndedAt: { } ended })
            return spans;
        spans.Add((JsonNode)PlatformEvents.Span("responseLatency", handed, started - handed));
        spans.Add((JsonNode)PlatformEvents.Span("responseDuration", started, ended - started));
        if (withOverhead && invocation.RuntimeDoneAt is { } done)
            spans.Add((JsonNode)PlatformEvents.Span("runtimeOverhead", ended, done - ended));
        return spans;
    }

    /// <param name="Start">What the duration counts from: with an init inside the invocation, the arrival of the request.</param>
    private sealed record Outcome(string Status, string? ErrorType, DateTimeOffset End, TimeSpan ExtensionOverhead, bool Reset)
    {
        public DateTimeOffset Start { get; init; }
    }
}
