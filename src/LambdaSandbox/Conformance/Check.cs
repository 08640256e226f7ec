namespace LambdaSandbox.Conformance;

/// <summary>A rule for any extension, or an optional property of it.</summary>
/// <param name="Name">A stable name that reports and `--only` use.</param>
/// <param name="Promise">The rule in words for people.</param>
/// <param name="Judge">Returns null when the trial passes, otherwise the error.</param>
internal sealed record Check(string Name, string Promise, Scenario Scenario, Func<Trial, string?> Judge)
{
    public Check(string name, string promise, Scenario scenario)
        : this(name, promise, scenario, Rules.Works)
    {
    }

    /// <summary>A part of Lambda that an extension need not support.</summary>
    public bool IsOptional { get; init; }
}

internal enum Outcome
{
    Passed,
    Failed,

    /// <summary>An optional check that did not pass.</summary>
    Unsupported,
}

/// <param name="Lost">How many of the <paramref name="Lines"/> log lines are missing at the backend. Null when the extension sends no logs.</param>
/// <param name="Printed">The extension's last output lines, when the check failed.</param>
internal sealed record Finding(Check Check, Outcome Outcome, string? Reason, int Lines, int? Lost, TimeSpan Took, IReadOnlyList<string> Printed);
