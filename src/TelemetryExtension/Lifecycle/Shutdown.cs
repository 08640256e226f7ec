using TelemetryExtension.Delivery;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// The last two seconds: receive late events, deliver everything to all destinations in parallel, and write the rest to files when the environment is only
/// reset, otherwise as dead letters. Then log the ledger.
/// </summary>
/// <param name="reserve">The part of the time that is kept for writing dead letters.</param>
internal sealed class Shutdown(
    TelemetryCollector collector, Deliverer delivery, IDeadLetters deadLetters, TimeSpan reserve, TelemetryEndpoint telemetry, InvocationSignals signals,
    Ledger ledger, bool hasTelemetry, TimeProvider time)
{
    /// <summary>
    /// Lambda kills the process at the deadline. The last record is counted this much earlier, because the remaining work takes that long on a fourteenth
    /// of a CPU.
    /// </summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(250);

    /// <summary>The last invocation's report usually arrives before SHUTDOWN, and at most 40 ms later was seen.</summary>
    private static readonly TimeSpan LateEvents = TimeSpan.FromMilliseconds(60);

    /// <summary>The time for writing files before a reset, when no reserve is kept for dead letters.</summary>
    private static readonly TimeSpan MinFileTime = TimeSpan.FromMilliseconds(200);

    /// <summary>The part of the remaining time for writing files.</summary>
    private const double MaxFileShare = 0.75;

    /// <summary>The part of the margin for the last line, in case nobody reads standard output.</summary>
    private static readonly TimeSpan LastLine = TimeSpan.FromMilliseconds(100);

    /// <param name="lastRequestId">The request whose report may still arrive. Null when there was no invocation.</param>
    public async Task RunAsync(ExtensionEvent.Shutdown shutdown, string? lastRequestId)
    {
        var deadline = Deadline.OfShutdown(shutdown.DeadlineMs, Margin, time);
        if (hasTelemetry && lastRequestId is not null)
        {
            using var cancellation = deadline.CreateCancellation(LateEvents);
            await signals.ReportedAsync(lastRequestId).WaitAsync(cancellation.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // A reset keeps /tmp, and the next invocation starts the next generation with it.
        var isReset = shutdown.Reason is "timeout" or "failure";
        await GuardAsync(() =>
        {
            telemetry.Close();
            collector.Close(shutdown.Reason, hasTelemetry);
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await GuardAsync(async () =>
        {
            var budget = deadline.Remaining - (isReset && reserve < MinFileTime ? MinFileTime : reserve);
            if (budget > TimeSpan.Zero)
                await delivery.DeliverAsync(DeliveryMode.Drain, budget, CancellationToken.None).ConfigureAwait(false);
        }).ConfigureAwait(false);

        // Write and count what the delivery left, even if it failed.
        var inFiles = 0;
        using var last = deadline.CreateCancellation();
        await GuardAsync(async () =>
        {
            if (!isReset)
                return;
            // Limit the files, so that a disk that hangs leaves time for dead letters.
            using var files = deadline.CreateCancellation(deadline.Remaining * MaxFileShare);
            inFiles = await delivery.SpoolRemainingAsync(files.Token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await GuardAsync(async () =>
        {
            await delivery.GiveUpAsync(deadLetters, last.Token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        using var patience = new CancellationTokenSource(LastLine, time);
        await Task.Run(() => LogLastAsync(inFiles, patience.Token), CancellationToken.None)
            .WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LogLastAsync(int inFiles, CancellationToken cancellationToken)
    {
        if (inFiles > 0)
            Log.Info($"left {inFiles} undelivered payloads in files for the next generation of this environment");
        Log.Info($"ledger: {ledger}");
        await delivery.DeleteGivenUpAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A boundary: a bug must not change the exit code, which Lambda would treat as a failure, nor prevent the ledger line.</summary>
    private static async Task GuardAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.Warn($"the shutdown failed: {Reason.OfBug(e)}");
        }
    }
}
