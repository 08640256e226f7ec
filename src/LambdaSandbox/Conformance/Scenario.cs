namespace LambdaSandbox.Conformance;

/// <summary>What is done to the extension: an environment with faults, some invocations, and its end.</summary>
/// <param name="Faults">As `--fault` takes them.</param>
internal sealed record Scenario(params IReadOnlyList<string> Faults)
{
    public IReadOnlyList<Played> Invocations { get; init; } = [Played.Answers, Played.Answers, Played.Answers];

    public Func<SandboxOptions, SandboxOptions> Change { get; init; } = options => options;

    /// <summary>Between invocations; everything is frozen meanwhile.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>What the extension is told at the end.</summary>
    public string ShutdownReason { get; init; } = "spindown";

    /// <summary>Characters of each log line of the function.</summary>
    public int LineLength { get; init; } = 60;
}

/// <summary>What the function does in an invocation.</summary>
internal enum Played
{
    Answers,

    /// <summary>It reports an error of its own.</summary>
    Fails,

    /// <summary>It does not answer before its timeout.</summary>
    Hangs,

    /// <summary>Its process ends.</summary>
    Exits,
}
