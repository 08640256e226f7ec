using TelemetryExtension.TelemetryApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Lets the loop wait for what the listener sees. A signal may come before anybody waits for it, for a request nobody waits for, or never:
/// every wait ends with its token. The lock is taken a few times per invocation, never per record.
/// </summary>
internal sealed class InvocationSignals : IInvocationSignals
{
    private const int Remembered = 64;
    private readonly Lock _gate = new();
    private readonly Queue<string> _done = [];
    private readonly Queue<string> _reported = [];
    private (string RequestId, TaskCompletionSource Signal)? _awaitedDone;
    private (string RequestId, TaskCompletionSource Signal)? _awaitedReport;

    /// <summary>Told of every end of an invocation, on the listener's thread. Set before anything listens.</summary>
    public Action<string, bool>? OnRuntimeDone { get; set; }

    public void RuntimeDone(string? requestId, bool failed)
    {
        if (requestId is null)
            return;
        lock (_gate)
        {
            Remember(_done, requestId);
            if (_awaitedDone is { } awaited && awaited.RequestId == requestId)
                awaited.Signal.TrySetResult();
        }

        OnRuntimeDone?.Invoke(requestId, failed);
    }

    public void Reported(string? requestId)
    {
        if (requestId is null)
            return;
        lock (_gate)
        {
            Remember(_reported, requestId);
            if (_awaitedReport is { } report && report.RequestId == requestId)
                report.Signal.TrySetResult();
            // Its runtimeDone was lost, and will not come any more.
            if (_awaitedDone is { } done && done.RequestId == requestId)
                done.Signal.TrySetResult();
        }

    }

    /// <summary>Completes when the runtime is done with the request. One wait at a time; the task is never cancelled by itself.</summary>
    public Task RuntimeDoneAsync(string requestId)
    {
        lock (_gate)
        {
            // Already reported means: an earlier run of an event that Lambda repeats under the same id. Its end is not this one's.
            if (_done.Contains(requestId) && !_reported.Contains(requestId))
                return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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
