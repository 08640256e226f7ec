using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Lets the loop wait for what the listener sees. A signal may come before anybody waits for it, for a request nobody waits for, or never:
/// every wait ends with its token. The lock is taken a few times per invocation, never per record.
/// </summary>
/// <param name="onRuntimeDone">Gets every runtimeDone, and whether it reports a failure, on the listener's thread.</param>
/// <param name="onReportedOnly">Gets a report whose invocation had no runtimeDone: Managed Instances send none.</param>
internal sealed class InvocationSignals(Action<string, bool>? onRuntimeDone = null, Action<string, bool>? onReportedOnly = null) : IInvocationSignals
{
    private const int Remembered = 64;
    private readonly Lock _gate = new();

    /// <summary>Done and not reported yet: Lambda may repeat an event under the same id, and the end of one run is not that of the next.</summary>
    private readonly List<string> _done = [];

    /// <summary>Done, not reported yet, and nobody waits for that end any more.</summary>
    private readonly List<string> _over = [];

    private readonly List<string> _reported = [];
    private (string RequestId, TaskCompletionSource Signal)? _awaitedDone;
    private (string RequestId, TaskCompletionSource Signal)? _awaitedReport;

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

        onRuntimeDone?.Invoke(requestId, failed);
    }

    public void Reported(string? requestId, bool failed)
    {
        if (requestId is null)
            return;
        bool known;
        lock (_gate)
        {
            known = _done.Remove(requestId) | _over.Remove(requestId);
            Remember(_reported, requestId);
            if (_awaitedReport is { } report && report.RequestId == requestId)
                report.Signal.TrySetResult();
            // Its runtimeDone was lost, and will not come any more. If it was seen, this is of an earlier run of the same event.
            if (!known && _awaitedDone is { } done && done.RequestId == requestId)
                done.Signal.TrySetResult();
        }

        if (!known)
            onReportedOnly?.Invoke(requestId, failed);
    }

    /// <summary>Completes when the runtime is done with the request. One wait at a time; the task is never cancelled by itself.</summary>
    public Task RuntimeDoneAsync(string requestId)
    {
        lock (_gate)
        {
            if (_done.Contains(requestId))
                return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaitedDone = (requestId, signal);
            return signal.Task;
        }
    }

    /// <summary>The invocation has been handled: its end is not that of a run to come, if Lambda repeats the event before it reports this one.</summary>
    public void Over(string requestId)
    {
        lock (_gate)
            if (_done.Remove(requestId))
                Remember(_over, requestId);
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

    private static void Remember(List<string> list, string item)
    {
        list.Add(item);
        if (list.Count > Remembered)
            list.RemoveAt(0);
    }
}
