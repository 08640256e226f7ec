using System.Text.Json.Nodes;
using LambdaSandbox.Processes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>Ends a generation, for a reset or the shutdown: SIGTERM to the runtime, SHUTDOWN to the extensions, then SIGKILL.</summary>
internal sealed class EndPhase(PlatformState platform, TelemetryStream telemetry, ProcessSet processes, ImposedFreezes freezes)
{
    private readonly SandboxOptions options = platform.Options;

    public async Task<ShutdownResult> RunAsync(string reason)
    {
        var generation = platform.Current!;
        await freezes.BetweenAsync(() =>
        {
            processes.Thaw(generation);
            telemetry.Resume();
        }).ConfigureAwait(false);
        platform.Gate.Do(() => generation.IsEnding = true);

        var start = DateTimeOffset.UtcNow;
        var budget = Budget(generation);
        var limit = platform.Gate.Clock + budget;
        var runtime = await EndRuntimeAsync(generation, start, budget).ConfigureAwait(false);
        ProcessSet.DrainRuntimeOutput(generation);

        var flushing = TimeSpan.FromSeconds(1) < budget / 2 ? TimeSpan.FromSeconds(1) : budget / 2;
        await telemetry.FlushAsync(flushing).ConfigureAwait(false);
        var told = await EndExtensionsAsync(generation, reason, limit).ConfigureAwait(false);
        processes.KillStrays();

        await freezes.BetweenAsync(() =>
        {
            platform.Gate.Do(() =>
            {
                generation.HasEnded = true;
                platform.Current = null;
            });

            // Pause delivery, because requests would fail until a subscriber listens again.
            return telemetry.PauseAsync(TimeSpan.FromMilliseconds(50));
        }).ConfigureAwait(false);
        return new ShutdownResult(
            reason,
            told.TrueForAll(e => e.Process is null or { WasKilled: false } && e.ExitCode is null or 0),
            told.Exists(e => e.Process is { WasKilled: true }),
            DateTimeOffset.UtcNow - start,
            runtime,
            [.. generation.Extensions.Where(e => e.Process is not null || e.ExitCode is not null).Select(e => ExitOf(e, start))],
            [.. generation.Processes.Select(p => new StoppedProcess(p.Name, p.Pid, p.StoppedFor))]);
    }

    private TimeSpan Budget(Generation generation)
    {
        if (generation.Extensions.Exists(e => e.IsExternal))
            return options.ShutdownBudget;
        return generation.Extensions.Count > 0 ? TimeSpan.FromMilliseconds(500) : TimeSpan.Zero;
    }

    private async Task<ProcessExit?> EndRuntimeAsync(Generation generation, DateTimeOffset start, TimeSpan budget)
    {
        if (generation.RuntimeProcess is not { } process)
            return null;
        platform.Reached(LifePoint.Shutdown, process.Name);
        if (budget > TimeSpan.Zero)
        {
            process.Signal(Native.SigTerm);
            var share = generation.Extensions.Exists(e => e.IsExternal) ? options.RuntimeShutdownShare : budget;
            await platform.Gate.WaitAsync(() => process.Exited.IsCompleted || generation.RuntimeExitedAt is not null, share, CancellationToken.None).ConfigureAwait(false);
        }

        process.Signal(Native.SigKill);
        var code = await process.Exited.ConfigureAwait(false);
        return new ProcessExit("function", code, process.WasKilled, (generation.RuntimeExitedAt ?? DateTimeOffset.UtcNow) - start);
    }

    /// <summary>Sends SHUTDOWN to extensions and returns those that got it.</summary>
    /// <param name="limit">The time on the gate's clock by which all must have ended.</param>
    private async Task<List<ExtensionAgent>> EndExtensionsAsync(Generation generation, string reason, TimeSpan limit)
    {
        var end = DateTimeOffset.UtcNow + (limit - platform.Gate.Clock);
        var told = platform.Gate.Do(() =>
        {
            // A busy extension gets SHUTDOWN with its next call, because an invocation may have been cut short.
            var list = generation.Extensions.Where(e => e.Events.Contains("SHUTDOWN")
                && e.State is ExtensionState.Registered or ExtensionState.Ready or ExtensionState.Running).ToList();
            foreach (var extension in list)
                extension.Give(options.Faults.Changed(Shutdown(reason, end)));
            return list;
        });

        foreach (var extension in generation.Extensions.Where(e => !told.Contains(e)))
            extension.Process?.Signal(Native.SigKill);
        await platform.Gate.WaitAsync(() => told.TrueForAll(e => e.HasEnded), limit - platform.Gate.Clock, CancellationToken.None).ConfigureAwait(false);
        foreach (var extension in told)
            extension.Process?.Signal(Native.SigKill);

        await Task.WhenAll(generation.Processes.Select(p => p.Exited)).ConfigureAwait(false);
        await platform.Gate.WaitAsync(
            () => generation.Extensions.TrueForAll(e => e.Process is null || e.HasEnded), TimeSpan.FromSeconds(1), CancellationToken.None).ConfigureAwait(false);
        return told;
    }

    private static ProcessExit ExitOf(ExtensionAgent agent, DateTimeOffset start) =>
        new(agent.Name, agent.ExitCode, agent.Process?.WasKilled ?? false, (agent.ExitedAt ?? DateTimeOffset.UtcNow) - start);

    private static JsonObject Shutdown(string reason, DateTimeOffset end) => new()
    {
        ["eventType"] = "SHUTDOWN",
        ["shutdownReason"] = reason,
        ["deadlineMs"] = end.ToUnixTimeMilliseconds(),
    };
}
