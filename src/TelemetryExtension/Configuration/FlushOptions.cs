namespace TelemetryExtension.Configuration;

internal enum FlushStrategy : byte
{
    /// <summary>Like `End` until the rhythm of invocations is known. Then flushes are deferred while that keeps data fresh enough.</summary>
    Adaptive,

    /// <summary>After every invocation.</summary>
    End,

    /// <summary>At most once per interval, at the start of an invocation, complete before Next.</summary>
    Periodic,

    /// <summary>Like periodic, but the flush may still run at Next.</summary>
    Continuous,
}

/// <param name="Interval">Between deferred flushes, and between flushes in a long invocation.</param>
/// <param name="Budget">The longest time that a flush may delay an invocation after its runtimeDone.</param>
/// <param name="Staleness">The age that data may reach while invocations keep their rhythm. Beyond it `adaptive` does not defer.</param>
internal sealed record FlushOptions(FlushStrategy Strategy, TimeSpan Interval, TimeSpan Budget, TimeSpan Staleness)
{
    /// <summary>Whether each flush gives a span.</summary>
    public bool SelfTraces { get; init; }

    /// <summary>The variables give interval and staleness in seconds, the budget in milliseconds.</summary>
    public static FlushOptions From(Variables variables) => new(
        variables.OneOf("TELEMETRY_EXTENSION_FLUSH_STRATEGY", FlushStrategy.Adaptive),
        variables.Seconds("TELEMETRY_EXTENSION_FLUSH_INTERVAL", 20, 1, 3600),
        variables.Milliseconds("TELEMETRY_EXTENSION_FLUSH_BUDGET_MS", 300, 10, 60_000),
        variables.Seconds("TELEMETRY_EXTENSION_FLUSH_STALENESS", 60, 1, 86_400))
    {
        SelfTraces = variables.Bool("TELEMETRY_EXTENSION_SELF_TRACES", false),
    };
}
