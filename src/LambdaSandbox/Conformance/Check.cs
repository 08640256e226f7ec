namespace LambdaSandbox.Conformance;

/// <summary>Something that any extension must do, or that is good to know of it.</summary>
/// <param name="Name">Stable: reports and `--only` use it.</param>
/// <param name="Promise">What is checked, for people.</param>
/// <param name="Judge">Null when the trial is all right; else what is wrong.</param>
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

/// <param name="Lost">Of <paramref name="Lines"/> log lines, how many are not at the backend; null when the extension sends no logs at all.</param>
/// <param name="Printed">The last lines that the extension printed, when the check did not pass.</param>
internal sealed record Finding(Check Check, Outcome Outcome, string? Reason, int Lines, int? Lost, TimeSpan Took, IReadOnlyList<string> Printed);
