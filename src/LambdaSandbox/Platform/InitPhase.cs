using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>Runs init: starts the extensions, then the runtime, and waits until all have called Next.</summary>
internal sealed class InitPhase(PlatformState platform, TelemetryStream telemetry, ProcessSet processes, string logStream)
{
    private readonly SandboxOptions options = platform.Options;

    /// <summary>Creates a generation. After a failure it stays current with its fault, until the reset that must follow.</summary>
    /// <param name="first">Called before platform.initStart.</param>
    public async Task<InitResult> RunAsync(string phase, TimeSpan limit, TraceContext? trace, CancellationToken cancellation, Action? first = null)
    {
        var generation = new Generation(phase);
        telemetry.BeginGeneration();
        first?.Invoke();
        platform.Gate.Do(() => platform.Current = generation);
        var start = DateTimeOffset.UtcNow;
        var end = start + limit;
        telemetry.Emit("platform.initStart", PlatformEvents.InitStart(options, phase, logStream, trace?.Tracing()));

        processes.StartExtensions(generation);
        var inTime = await WaitAsync(generation, () => generation.Extensions.All(e => !e.IsExternal || e.HasRegistered), end, cancellation)
            .ConfigureAwait(false);
        if (inTime && !HasFailed(generation))
        {
            processes.StartRuntime(generation);
            inTime = await WaitAsync(generation, () => RuntimeIsReady(generation), end, cancellation).ConfigureAwait(false);
        }

        ProcessSet.DrainRuntimeOutput(generation);
        var runtimeFailure = RuntimeFailure(generation, inTime);
        telemetry.Emit("platform.initRuntimeDone", PlatformEvents.InitRuntimeDone(
            options, phase, runtimeFailure is null ? "success" : inTime ? "error" : "timeout", inTime ? runtimeFailure : null));

        if (inTime && runtimeFailure is null)
            inTime = await WaitAsync(generation, () => generation.Extensions.All(e => e.IsIdle), end, cancellation).ConfigureAwait(false);
        return Conclude(generation, start, inTime, limit);
    }

    private InitResult Conclude(Generation generation, DateTimeOffset start, bool inTime, TimeSpan limit)
    {
        var (fault, last, extensions) = platform.Gate.Do(() =>
        {
            generation.SubscriptionClosed = true;
            generation.RegistrationClosed = true;
            if (!inTime)
                generation.Fail("Sandbox.Timedout", Reasons.Init(generation, limit));
            else if (generation.Runtime == RuntimeState.InitError)
                generation.Fail(generation.InitError?.ErrorType ?? "Runtime.Unknown", "the runtime reported an init error");
            var ready = generation.Extensions.Select(e => e.NextAt).Append(generation.RuntimeFirstNextAt ?? start)
                .Append(generation.RestoreNextAt ?? start);
            return (generation.Fault, ready.Max(), generation.Extensions.ToList());
        });

        foreach (var extension in extensions)
        {
            telemetry.Emit("platform.extension", PlatformEvents.Extension(
                extension.Name, extension.State.ToString(), extension.Events, extension.ErrorType));
        }

        var duration = (fault is null ? last : DateTimeOffset.UtcNow) - start;
        var status = fault is null ? "success" : inTime ? "error" : "timeout";
        generation.InitDuration = duration;
        telemetry.Emit("platform.initReport", PlatformEvents.InitReport(options, generation.Phase, status, fault, duration));
        return new InitResult(status, fault, duration, generation.Phase)
        {
            Reason = generation.FaultReason,
            Body = generation.InitError?.Body,
            Advice = fault is null ? null : Reasons.Advice(fault, generation, options, processes.RanOutOfMemory),
        };
    }

    private static bool RuntimeIsReady(Generation generation) =>
        generation.RuntimeFirstNextAt is not null || generation.RestoreNextAt is not null || generation.Runtime == RuntimeState.InitError;

    private static string? RuntimeFailure(Generation generation, bool inTime)
    {
        if (!inTime)
            return "Sandbox.Timedout";
        return generation.Runtime == RuntimeState.InitError ? generation.InitError?.ErrorType : generation.Fault;
    }

    private static bool HasFailed(Generation generation) => generation.Fault is not null;

    private Task<bool> WaitAsync(Generation generation, Func<bool> condition, DateTimeOffset end, CancellationToken cancellation) =>
        platform.Gate.WaitAsync(() => HasFailed(generation) || condition(), end - DateTimeOffset.UtcNow, cancellation);
}
