namespace LambdaSandbox.Replay;

/// <param name="Output">The extensions' output.</param>
internal sealed record PlayedStream(InitResult Init, int Events, int Invocations, ShutdownResult? Shutdown, IReadOnlyList<string> Output);

/// <summary>
/// Runs the extensions of a layer with a runtime that answers at once, and sends them the recorded events instead of the platform's own. Each recorded
/// platform.start becomes an invocation with its own request id.
/// </summary>
internal static class EventPlayer
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public static async Task<PlayedStream> PlayAsync(
        SandboxOptions options, IReadOnlyList<RecordedEvent> events, double pace, Action<string, string>? onLine, CancellationToken cancellation)
    {
        options = options with
        {
            Timeout = pace > 0 ? TimeSpan.FromMinutes(15) : TimeSpan.FromSeconds(10),
            Faults = options.Faults with { ScriptedTelemetry = true },
            OnLine = onLine,
            Freeze = FreezeMode.Signals,
        };
        await using var sandbox = await Sandbox.OpenAsync(options).ConfigureAwait(false);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var starting = sandbox.InitAsync(cancellation);
        var runtime = PlayedRuntime.RunAsync(sandbox.RuntimeApi, stopping.Token);
        var init = await starting.ConfigureAwait(false);
        if (!init.Succeeded)
            return new PlayedStream(init, 0, 0, null, Output(sandbox));

        var invocations = 0;
        var next = 0;
        while (next < events.Count)
        {
            if (events[next].Type != "platform.start")
            {
                await EmitAsync(next++).ConfigureAwait(false);
                continue;
            }

            // The invocation lasts until its runtimeDone, or else until the next one starts.
            var first = next;
            var id = events[first].RequestId;
            var end = Enumerable.Range(first + 1, events.Count - first - 1).FirstOrDefault(
                index => events[index].Type == "platform.start" || events[index] is { Type: "platform.runtimeDone" } done && done.RequestId == id, events.Count);
            if (end < events.Count && events[end].Type == "platform.runtimeDone")
                end++;
            next = end;
            invocations++;
            await sandbox.InvokeAsync(
                "{}",
                new InvokeOptions
                {
                    RequestId = id,
                    WhileRunning = async _ =>
                    {
                        for (var index = first; index < end; index++)
                            await EmitAsync(index).ConfigureAwait(false);
                    },
                },
                cancellation).ConfigureAwait(false);
        }

        var shutdown = await sandbox.ShutdownAsync(cancellation: cancellation).ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        await runtime.ConfigureAwait(false);
        return new PlayedStream(init, events.Count, invocations, shutdown, Output(sandbox));

        async Task EmitAsync(int index)
        {
            if (pace > 0 && index > 0 && events[index].Time - events[index - 1].Time is var gap && gap > TimeSpan.Zero)
                await Task.Delay(gap / pace < LongestPause ? gap / pace : LongestPause, cancellation).ConfigureAwait(false);
            sandbox.Emit(events[index].Type, events[index].Record?.DeepClone(), events[index].Time);
        }
    }

    private static List<string> Output(Sandbox sandbox) => [.. sandbox.Extensions.SelectMany(extension => extension.Output)];
}
