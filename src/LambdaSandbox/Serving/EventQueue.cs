using System.Threading.Channels;
using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Serving;

/// <summary>Runs asynchronous invocations: accepted at once, run when an environment is free, and retried when the function fails.</summary>
internal sealed class EventQueue
{
    public const int MaxWaiting = 10_000;

    private readonly Channel<(string Payload, InvokeOptions Options)> waiting =
        Channel.CreateBounded<(string, InvokeOptions)>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait });

    private readonly EnvironmentPool pool;
    private readonly IReport report;
    private readonly int retries;
    private readonly TimeSpan retryDelay;

    /// <param name="retries">Retries after the first attempt. Lambda makes 2, after one and after two minutes.</param>
    /// <param name="retryDelay">The delay before the first retry. The second one waits twice as long.</param>
    public EventQueue(EnvironmentPool pool, IReport report, int retries, TimeSpan retryDelay, int workers, CancellationToken stopping)
    {
        (this.pool, this.report, this.retries, this.retryDelay) = (pool, report, retries, retryDelay);
        Finished = Task.WhenAll(Enumerable.Range(0, workers).Select(_ => RunAsync(stopping)));
    }

    /// <summary>Completes when nothing runs any more, after <see cref="Complete"/> or after stopping.</summary>
    public Task Finished { get; }

    /// <summary>Adds an invocation. Returns false when too many are waiting.</summary>
    public bool TryAdd(string payload, InvokeOptions options) => waiting.Writer.TryWrite((payload, options with { Response = null }));

    public void Complete() => waiting.Writer.TryComplete();

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var (payload, options) in waiting.Reader.ReadAllAsync(stopping).ConfigureAwait(false))
                await RunAsync(payload, options, stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server is stopping.
        }
    }

    private async Task RunAsync(string payload, InvokeOptions options, CancellationToken stopping)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if ((await pool.InvokeAsync(payload, options, wait: true, stopping).ConfigureAwait(false))!.Result.Succeeded)
                    return;
            }
            catch (SandboxException e)
            {
                report.Note(e.Message);
            }

            if (attempt >= retries)
            {
                report.Note($"event {options.RequestId}: discarded after {attempt + 1} attempts");
                return;
            }

            await Task.Delay(retryDelay * (1 << attempt), stopping).ConfigureAwait(false);
        }
    }
}
