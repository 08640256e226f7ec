namespace LambdaSandbox.Telemetry;

/// <summary>One of the two APIs that stream logs and platform events to extensions.</summary>
/// <param name="ErrorPrefix">Of the types of its errors.</param>
/// <param name="Schemas">All there are.</param>
/// <param name="StandardSchema">When the request names none; null: it must.</param>
/// <param name="SubscriptionEvent">What announces a subscriber.</param>
internal sealed record StreamApi(
    string Name, string ErrorPrefix, string ValidationError, IReadOnlyList<string> Schemas, string? StandardSchema, string SubscriptionEvent)
{
    public static StreamApi Telemetry { get; } = new(
        "Telemetry", "Telemetry.", "ValidationError", ["2022-07-01", "2022-12-13", "2025-01-29"], null, "platform.telemetrySubscription");

    /// <summary>Older, and superseded; Lambda still serves it, except on managed instances.</summary>
    public static StreamApi Logs { get; } = new(
        "Logs", "Logs.", "Logs.ValidationError", ["2020-08-15", "2021-03-18"], "2020-08-15", "platform.logsSubscription");
}
