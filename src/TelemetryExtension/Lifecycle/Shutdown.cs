using TelemetryExtension.Delivery;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// The last two seconds: late events, then everything out to all destinations at once, then the rest to files, if the environment is only reset, or to
/// the dead letters, then the ledger.
/// </summary>
/// <param name="reserve">Of the time, kept back for writing dead letters.</param>
internal sealed class Shutdown(
    TelemetryCollector collector, Deliverer delivery, IDeadLetters deadLetters, TimeSpan reserve, TelemetryEndpoint telemetry, InvocationSignals signals,
    Ledger ledger, bool hasTelemetry, TimeProvider time)
{
    /// <summary>Lambda kills what is left at the deadline; this much before it the last record is counted: on a fourteenth of a CPU the rest takes that long.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(250);

    /// <summary>The last invocation's report is usually delivered before SHUTDOWN; seen up to 40 ms later.</summary>
    private static readonly TimeSpan LateEvents = TimeSpan.FromMilliseconds(60);

    /// <summary>For writing files before a reset, where nothing is kept back for dead letters.</summary>
    private static readonly TimeSpan ForFiles = TimeSpan.FromMilliseconds(200);

    /// <summary>So much of what is left then goes to writing files.</summary>
    private const double ForFilesAtMost = 0.75;

    /// <summary>Out of the margin: for the last line, when nobody reads our output.</summary>
    private static readonly TimeSpan LastLine = TimeSpan.FromMilliseconds(100);

    /// <param name="lastRequestId">Whose report may still be on its way; null when there was no invocation.</param>
    public async Task RunAsync(ExtensionEvent.Shutdown shutdown, string? lastRequestId)
    {
        var deadline = Deadline.OfShutdown(shutdown.DeadlineMs, Margin, time);
        if (hasTelemetry && lastRequestId is not null)
        {
            using var cancellation = deadline.CreateCancellation(LateEvents);
            await signals.ReportedAsync(lastRequestId).WaitAsync(cancellation.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // A reset keeps /tmp, and the next invocation starts the next generation there.
        var isReset = shutdown.Reason is "timeout" or "failure";
        await GuardAsync(() =>
        {
            telemetry.Close();
            collector.Close(shutdown.Reason, hasTelemetry);
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await GuardAsync(async () =>
        {
            var budget = deadline.Remaining - (isReset && reserve < ForFiles ? ForFiles : reserve);
            if (budget > TimeSpan.Zero)
                await delivery.DeliverAsync(DeliveryMode.Drain, budget, CancellationToken.None).ConfigureAwait(false);
        }).ConfigureAwait(false);

        // Whatever became of the delivery: what it left is written and counted.
        var inFiles = 0;
        using var last = deadline.CreateCancellation();
        await GuardAsync(async () =>
        {
            if (!isReset)
                return;
            // A disk that hangs leaves time for dead letters.
            using var files = deadline.CreateCancellation(deadline.Remaining * ForFilesAtMost);
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
            Log.Info($"{inFiles} undelivered payloads are left in files for the next generation of this environment");
        Log.Info($"ledger: {ledger}");
        await delivery.DeleteGivenUpAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A boundary: a bug of ours must not become an exit code that Lambda takes for a failure, nor cost the account of what was delivered.</summary>
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
