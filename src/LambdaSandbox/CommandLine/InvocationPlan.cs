using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>The invocations of a run and their times.</summary>
internal sealed record InvocationPlan(IReadOnlyList<string> Payloads, int Repeat, TimeSpan Pause)
{
    /// <summary>Invocations per second. Null starts each after the one before it.</summary>
    public double? Rate { get; init; }

    public int Concurrency { get; init; } = 1;

    public InvokeOptions Options { get; init; } = new();

    public int Count => Payloads.Count * Repeat;

    public async Task<IReadOnlyList<InvocationResult>> RunAsync(EnvironmentPool pool, CancellationToken cancellation)
    {
        var results = new InvocationResult[Count];
        if (Rate is { } rate)
        {
            var all = new List<Task>();
            for (var i = 0; i < Count; i++)
            {
                if (i > 0)
                    await Task.Delay(TimeSpan.FromSeconds(1 / rate), cancellation);
                all.Add(InvokeAsync(i));
            }

            await Task.WhenAll(all);
            return results;
        }

        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Concurrency, Math.Max(1, Count))).Select(async _ =>
        {
            for (var first = true; Interlocked.Increment(ref next) is var index && index < Count; first = false)
            {
                if (!first && Pause > TimeSpan.Zero)
                    await Task.Delay(Pause, cancellation);
                await InvokeAsync(index);
            }
        }));
        return results;

        async Task InvokeAsync(int index) =>
            results[index] = (await pool.InvokeAsync(Payloads[index % Payloads.Count], Options, wait: true, cancellation))!.Result;
    }
}
