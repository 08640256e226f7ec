using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal enum FlushStrategy : byte
{
    /// <summary>`End` until the rhythm of invocations is known, then deferred while it keeps data fresh enough.</summary>
    Adaptive,

    /// <summary>After every invocation.</summary>
    End,

    /// <summary>At most once an interval, at the start of an invocation, done before Next.</summary>
    Periodic,

    /// <summary>Like periodic, but the flush may be pending over Next.</summary>
    Continuous,
}

internal sealed record FlushSettings(
    [property: ConfigurationKeyName(FlushOptions.StrategyName)] string? Strategy = null,
    [property: ConfigurationKeyName(FlushOptions.IntervalName)] string? Interval = null,
    [property: ConfigurationKeyName(FlushOptions.BudgetName)] string? BudgetMs = null,
    [property: ConfigurationKeyName(FlushOptions.StalenessName)] string? Staleness = null);

/// <param name="Interval">Between deferred flushes, and between those in the middle of a long invocation.</param>
/// <param name="Budget">The most a flush may hold an invocation up after its runtimeDone.</param>
/// <param name="Staleness">How old data may become while invocations keep their rhythm: beyond it `adaptive` does not defer.</param>
internal sealed record FlushOptions(FlushStrategy Strategy, TimeSpan Interval, TimeSpan Budget, TimeSpan Staleness)
{
    public const string StrategyName = "TELEMETRY_EXTENSION_FLUSH_STRATEGY";
    public const string IntervalName = "TELEMETRY_EXTENSION_FLUSH_INTERVAL";
    public const string BudgetName = "TELEMETRY_EXTENSION_FLUSH_BUDGET_MS";
    public const string StalenessName = "TELEMETRY_EXTENSION_FLUSH_STALENESS";

    /// <summary>Interval and staleness are given in seconds, the budget in milliseconds.</summary>
    public static FlushOptions From(FlushSettings raw, SettingProblems problems)
    {
        var strategies = new Dictionary<string, FlushStrategy>
        {
            ["adaptive"] = FlushStrategy.Adaptive,
            ["end"] = FlushStrategy.End,
            ["periodic"] = FlushStrategy.Periodic,
            ["continuous"] = FlushStrategy.Continuous,
        };
        return new(
            Setting.OneOf(StrategyName, raw.Strategy, FlushStrategy.Adaptive, strategies, problems),
            TimeSpan.FromSeconds(Setting.Int(IntervalName, raw.Interval, 20, 1, 3600, problems)),
            TimeSpan.FromMilliseconds(Setting.Int(BudgetName, raw.BudgetMs, 300, 10, 60_000, problems)),
            TimeSpan.FromSeconds(Setting.Int(StalenessName, raw.Staleness, 60, 1, 86_400, problems)));
    }
}
