using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;

namespace TelemetryExtension.Processing;

/// <summary>
/// Reads items of the channel. Platform events go to the tracker, log lines to the log encoder, and OTLP requests of the function to the payload
/// encoder. One caller at a time.
/// </summary>
internal sealed class ItemReader(
    InvocationTracker tracker, LogEncoder logs, PayloadEncoder encoder, Ledger ledger, TelemetryOptions options, Action<int>? onRestores)
{
    /// <summary>A boundary: a bug in here must cost one item only, and the item is counted.</summary>
    public void TakeOrDrop(in TelemetryItem item)
    {
        try
        {
            Take(in item);
        }
        catch (Exception e)
        {
            Log.WarnOnce("item", $"a record could not be read: {Reason.OfBug(e)}");
            // A record is not malformed because memory ran out.
            var reason = e is OutOfMemoryException ? DropReason.BufferBytes : DropReason.Malformed;
            ledger.Dropped(TelemetryChannel.AccountOf(in item), reason, item.Records);
        }
        finally
        {
            item.Release();
        }
    }

    private void Take(in TelemetryItem item)
    {
        switch (item.Kind)
        {
            case TelemetryItemKind.PlatformEvent:
                TakeEvent(in item);
                break;
            case TelemetryItemKind.OtlpRequest:
                encoder.AddRequest(in item);
                break;
            default:
                encoder.UseResource();
                if (!logs.Append(in item, tracker))
                    ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed);
                break;
        }
    }

    private void TakeEvent(in TelemetryItem item)
    {
        if (PlatformEventReader.Read(item.Memory, item.ReceivedUnixNano) is not { } platformEvent)
        {
            ledger.Dropped(LedgerAccount.Events, DropReason.Malformed);
            return;
        }

        if (platformEvent.UnreadableSpans > 0)
        {
            ledger.Received(LedgerAccount.Traces, platformEvent.UnreadableSpans);
            ledger.Dropped(LedgerAccount.Traces, DropReason.Malformed, platformEvent.UnreadableSpans);
        }

        if (platformEvent is PlatformEvent.RuntimeDone { Status: not "success" } or PlatformEvent.Report { Status: not "success" })
        {
            encoder.UseResource();
            logs.Complete();
        }

        var known = tracker.Apply(platformEvent);
        if (platformEvent is PlatformEvent.RestoreStart)
            onRestores?.Invoke(tracker.Restores);
        if (options.PlatformLogs || platformEvent is PlatformEvent.LogsDropped)
            TakeAsLog(in item);
        // Keep this last, so that a record that fails earlier is counted once.
        if (known)
            ledger.Exported(LedgerAccount.Events);
        else
            ledger.Dropped(LedgerAccount.Events, DropReason.UnknownType);
    }

    /// <summary>Records that Lambda dropped always give a log record. Other platform events give one only when the settings ask for it.</summary>
    private void TakeAsLog(in TelemetryItem item)
    {
        encoder.UseResource();
        var written = false;
        ledger.Received(LedgerAccount.Logs);
        try
        {
            written = logs.AppendPlatform(in item, tracker);
        }
        finally
        {
            if (!written)
                ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed);
        }
    }
}
