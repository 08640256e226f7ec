using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Delivery;

/// <summary>What users are told about answers that are not plain success; each kind once a destination, refusals once a signal; the rest is in the ledger.</summary>
internal static class DeliveryNotes
{
    /// <summary>One flush that is cut off is no trouble; another right after it is.</summary>
    private const int CutOffsInARow = 2;

    /// <summary>A request was cut off because the flush's time was up.</summary>
    /// <param name="failures">In a row, with this one.</param>
    public static void SayCutOff(IDestination destination, int failures)
    {
        if (failures >= CutOffsInARow)
            Log.WarnOnce($"{destination.Name} cut off", $"{destination.Name}: does not answer within the time that a flush has, will be tried again");
    }

    public static void Say(IDestination destination, OtlpPayload payload, DeliveryResult? result)
    {
        if (result is not { } answer || (answer.Status == DeliveryStatus.Delivered && answer.RejectedRecords == 0 && answer.Message is null))
            return;
        var signal = payload.Signal.ToString().ToLowerInvariant();
        var what = answer switch
        {
            { Status: DeliveryStatus.Refused } => answer.MayBeTooLargeOrPoisoned ? $"refused {signal}" : $"refused {signal}, kept as dead letters where these are on",
            { Status: DeliveryStatus.Retryable } => $"did not take {signal}, will be tried again",
            { RejectedRecords: > 0 } => $"rejected {answer.RejectedRecords} of {payload.Records} {signal}",
            _ => $"took {signal}, with a warning",
        };
        // The first word or two tell the kind of trouble (HTTP 429, ConnectionError); details vary.
        var kind = answer.Message is { } message ? message[..Math.Min(message.Length, 8)] : "";
        Log.WarnOnce($"{destination.Name} {answer.Status} {(answer.Status == DeliveryStatus.Refused ? signal : "")} {kind} {answer.RejectedRecords > 0}", $"{destination.Name}: {what}{(answer.Message is null ? "" : $" ({answer.Message})")}{(RefusalAdvice.For(destination.Name, payload.Signal, answer) is { } advice ? $"; {advice}" : "")}");
    }

    /// <summary>Refusals changed how a signal is sent.</summary>
    public static void SayChange(IDestination destination, Signal signal, LaneChange change)
    {
        if (change == LaneChange.None)
            return;
        var name = signal.ToString().ToLowerInvariant();
        Log.WarnOnce($"{destination.Name} {change} {name}", $"{destination.Name}: " + (change == LaneChange.Closed
            ? $"refuses all {name}; from now on only a trial is sent, after about 30 seconds and then less and less often, up to every 15 minutes"
            : $"takes only a part of the {name}; from now on they are sent in the background, until all of a request is taken"));
    }
}
