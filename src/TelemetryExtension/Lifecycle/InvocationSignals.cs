using TelemetryExtension.TelemetryApi;

namespace TelemetryExtension.Lifecycle;

internal enum RuntimeOutcome : byte
{
    /// <summary>The time was up before the runtime was done.</summary>
    Unknown,
    Succeeded,
    Failed,
}

/// <summary>
/// Lets the loop wait for what the listener sees. A signal may come before anybody waits for it, for a request nobody waits for, or never:
/// every wait ends with its token. The lock is taken a few times per invocation, never per record.
/// </summary>
internal sealed class InvocationSignals : IInvocationSignals
{
    private const int Remembered = 64;
    private readonly Lock _gate = new();
    private readonly Queue<(string RequestId, bool Failed)> _done = [];
    private readonly Queue<string> _reported = [];
    private (string RequestId, TaskCompletionSource<RuntimeOutcome> Signal)? _awaitedDone;
    private (string RequestId, TaskCompletionSource Signal)? _awaitedReport;

    public void RuntimeDone(string? requestId, bool failed)
    {
        if (requestId is null)
            return;
        lock (_gate)
        {
            Remember(_done, (requestId, failed));
            if (_awaitedDone is { } awaited && awaited.RequestId == requestId)
                awaited.Signal.TrySetResult(failed ? RuntimeOutcome.Failed : RuntimeOutcome.Succeeded);
        }
    }

    public void Reported(string? requestId)
    {
        if (requestId is null)
            return;
        lock (_gate)
        {
            Remember(_reported, requestId);
            if (_awaitedReport is { } awaited && awaited.RequestId == requestId)
                awaited.Signal.TrySetResult();
        }

        // No runtimeDone will follow a report (Managed Instances have none at all).
        RuntimeDone(requestId, failed: false);
    }

    /// <summary>Completes when the runtime is done with the request. One wait at a time; the task is never cancelled by itself.</summary>
    public Task<RuntimeOutcome> RuntimeDoneAsync(string requestId)
    {
        lock (_gate)
        {
            // Already reported means: an earlier run of an event that Lambda repeats under the same id. Its end is not this one's.
            if (!_reported.Contains(requestId))
                foreach (var done in _done)
                    if (done.RequestId == requestId)
                        return Task.FromResult(done.Failed ? RuntimeOutcome.Failed : RuntimeOutcome.Succeeded);
            var signal = new TaskCompletionSource<RuntimeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaitedDone = (requestId, signal);
            return signal.Task;
        }
    }

    /// <summary>Completes when the request's report is in the channel.</summary>
    public Task ReportedAsync(string requestId)
    {
        lock (_gate)
        {
            if (_reported.Contains(requestId))
                return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaitedReport = (requestId, signal);
            return signal.Task;
        }
    }

    private static void Remember<T>(Queue<T> queue, T item)
    {
        queue.Enqueue(item);
        if (queue.Count > Remembered)
            queue.Dequeue();
    }
}
