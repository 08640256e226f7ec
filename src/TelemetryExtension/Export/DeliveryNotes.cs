namespace TelemetryExtension.Export;

/// <summary>What users are told about answers that are not plain success; each kind once a destination, refusals once a signal; the rest is in the ledger.</summary>
internal static class DeliveryNotes
{
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
        Log.WarnOnce($"{destination.Name} {answer.Status} {(answer.Status == DeliveryStatus.Refused ? signal : "")} {kind} {answer.RejectedRecords > 0}", $"{destination.Name}: {what}{(answer.Message is null ? "" : $" ({answer.Message})")}");
    }
}
