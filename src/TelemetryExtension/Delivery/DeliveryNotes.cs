using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

/// <summary>Logs answers other than plain success: each kind once per destination, refusals once per signal. The ledger counts the rest.</summary>
internal static class DeliveryNotes
{
    /// <summary>A single flush that is cut off may be chance, so the log names only the second in a row.</summary>
    private const int MinConsecutiveCutOffs = 2;

    /// <summary>Logs that a request was cut off because the time of the flush was over.</summary>
    /// <param name="failures">Consecutive failures, this one included.</param>
    public static void LogCutOff(IDestination destination, int failures)
    {
        if (failures >= MinConsecutiveCutOffs)
            Log.WarnOnce($"{destination.Name} cut off", $"{destination.Name}: does not answer within the time of a flush; the extension retries");
    }

    public static void LogAnswer(IDestination destination, OtlpPayload payload, DeliveryResult? result)
    {
        if (result is not { } answer || (answer.Message is null && answer.RejectedRecords == 0))
            return;
        var signal = payload.Signal.ToString().ToLowerInvariant();
        var what = answer switch
        {
            { Status: DeliveryStatus.Refused } => answer.MayBeTooLargeOrPoisoned ? $"refused {signal}" : $"refused {signal}, kept as dead letters where these are on",
            { Status: DeliveryStatus.Retryable } => $"did not accept {signal}; the extension retries",
            { RejectedRecords: > 0 } => $"rejected {answer.RejectedRecords} of {payload.Records} {signal}",
            _ => $"accepted {signal} with a warning",
        };
        // The first word or two name the kind of problem (HTTP 429, ConnectionError). Details vary.
        var kind = answer.Message is { } message ? message[..Math.Min(message.Length, 8)] : "";
        Log.WarnOnce($"{destination.Name} {answer.Status} {(answer.Status == DeliveryStatus.Refused ? signal : "")} {kind} {answer.RejectedRecords > 0}", $"{destination.Name}: {what}{(answer.Message is null ? "" : $" ({answer.Message})")}{(RefusalAdvice.For(destination.Name, payload.Signal, answer) is { } advice ? $"; {advice}" : "")}");
    }

    /// <summary>Logs that refusals changed how a signal is sent.</summary>
    public static void LogChange(IDestination destination, Signal signal, LaneChange change)
    {
        if (change == LaneChange.None)
            return;
        var name = signal.ToString().ToLowerInvariant();
        Log.WarnOnce($"{destination.Name} {change} {name}", $"{destination.Name}: " + (change == LaneChange.Closed
            ? $"refuses all {name}; the extension sends only trial requests now: the first after about 30 seconds, later ones less often, up to every 15 minutes"
            : $"accepts only some {name}; the extension sends them in the background until a request is accepted completely"));
    }
}
