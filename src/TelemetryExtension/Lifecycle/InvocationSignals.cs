using TelemetryExtension.Ingest.TelemetryApi;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Lets the loop wait for events that the listener receives. An event may arrive before the wait, without a wait, or never, so every wait ends with its
/// token. The lock is taken a few times per invocation, never per record.
/// </summary>
/// <param name="onRuntimeDone">Called with every runtimeDone, and whether it reports a failure, on the listener's thread.</param>
/// <param name="onReportedOnly">Called with each report of an invocation without a runtimeDone. Managed Instances send none.</param>
internal sealed class InvocationSignals(Action<string, bool>? onRuntimeDone = null, Action<string, bool>? onReportedOnly = null) : IInvocationSignals
{
    private const int Remembered = 64;
    private readonly Lock _gate = new();

    /// <summary>
    /// Requests that are done but not reported yet. Lambda may repeat an event under the same id, and the end of one run is not the end of the next.
    /// </summary>
    private readonly List<string> _done = [];

    /// <summary>Requests that are done, not reported yet, and handled, so nothing waits for their end any more.</summary>
    private readonly List<string> _handled = [];

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
            known = _done.Remove(requestId) | _handled.Remove(requestId);
            Remember(_reported, requestId);
            if (_awaitedReport is { } report && report.RequestId == requestId)
                report.Signal.TrySetResult();
            // The runtimeDone of this request was lost and will not arrive. If it had been seen, the report would belong to an earlier run of the same
            // event.
            if (!known && _awaitedDone is { } done && done.RequestId == requestId)
                done.Signal.TrySetResult();
        }

        if (!known)
            onReportedOnly?.Invoke(requestId, failed);
    }

    /// <summary>Completes when the runtime is done with the request. Supports one wait at a time. The task never cancels itself.</summary>
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

    /// <summary>
    /// Records that the invocation is handled. If Lambda repeats the event before it reports this run, this end is not the end of the next run.
    /// </summary>
    public void Handled(string requestId)
    {
        lock (_gate)
            if (_done.Remove(requestId))
                Remember(_handled, requestId);
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
