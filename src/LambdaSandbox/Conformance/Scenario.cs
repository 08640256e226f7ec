namespace LambdaSandbox.Conformance;

/// <summary>The steps of a test: an environment with faults, some invocations, and its end.</summary>
/// <param name="Faults">Faults in the format of `--fault`.</param>
internal sealed record Scenario(params IReadOnlyList<string> Faults)
{
    public IReadOnlyList<Played> Invocations { get; init; } = [Played.Answers, Played.Answers, Played.Answers];

    public Func<SandboxOptions, SandboxOptions> Change { get; init; } = options => options;

    /// <summary>The pause between invocations, during which everything is frozen.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>The reason in SHUTDOWN.</summary>
    public string ShutdownReason { get; init; } = "spindown";

    /// <summary>The length of each log line of the function.</summary>
    public int LineLength { get; init; } = 60;
}

/// <summary>The behaviour of the function in an invocation.</summary>
internal enum Played
{
    Answers,

    /// <summary>It reports an error.</summary>
    Fails,

    /// <summary>It does not answer before its timeout.</summary>
    Hangs,

    /// <summary>Its process ends.</summary>
    Exits,
}
