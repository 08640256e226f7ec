using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Native;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Does in the init phase what the first flush would otherwise do while an invocation waits for it. The runtime initialises meanwhile, so a thread with
/// the lowest priority does it, and stops when the first event comes. Whatever fails here fails again, and is reported, when it is needed.
/// </summary>
/// <param name="rehearse">Runs the code of a flush once. It ends soon when the token is cancelled.</param>
internal sealed class WarmUp(WarmUpOptions options, IReadOnlyList<IDestination> destinations, Action<CancellationToken> rehearse) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Call it after the first Next was sent. Does nothing when there is nothing to send to.</summary>
    public void Start()
    {
        if (destinations.Count == 0 || !(options.Connects || options.Rehearses))
            return;
        try
        {
            new Thread(Run) { IsBackground = true }.Start();
        }
        catch (OutOfMemoryException)
        {
            // The first flush then takes a little longer.
        }
    }

    /// <summary>An event has come: from now on the CPU belongs to the handler. Does not wait for the thread.</summary>
    public void Stop()
    {
        // What the cancellation ends, such as a connection, ends on another thread.
        if (!_stop.IsCancellationRequested)
            _ = _stop.CancelAsync();
    }

    public void Dispose() => _stop.Dispose();

    private void Run()
    {
        try
        {
            LowestPriority.Take();
            foreach (var destination in options.Connects ? destinations : [])
                if (!_stop.IsCancellationRequested)
                    destination.Prepare(_stop.Token);
            if (options.Rehearses && !_stop.IsCancellationRequested)
                rehearse(_stop.Token);
        }
        catch (Exception e)
        {
            // A boundary: on a thread of its own any exception would end the process.
            Log.Debug($"the warm-up ended early: {Reason.OfBug(e)}");
        }
    }
}
