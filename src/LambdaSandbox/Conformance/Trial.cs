namespace LambdaSandbox.Conformance;

/// <summary>The result of a scenario.</summary>
/// <param name="Lines">Log lines that the function wrote.</param>
/// <param name="Arrived">How many of these lines the backend has.</param>
/// <param name="Printed">The output of the extensions.</param>
/// <param name="Shutdown">Null when no environment was left to shut down.</param>
/// <param name="Happened">The effects of the faults.</param>
internal sealed record Trial(
    Scenario Scenario,
    InitResult Init,
    IReadOnlyList<InvocationResult> Invocations,
    ShutdownResult? Shutdown,
    IReadOnlyList<ExtensionHandle> Extensions,
    int Lines,
    int Arrived,
    IReadOnlyList<string> Printed,
    IReadOnlyList<string> Happened)
{
    /// <summary>Processor time of the extensions between init and shutdown.</summary>
    public TimeSpan CpuTime { get; init; }

    public long PeakResidentBytes { get; init; }

    public IReadOnlyList<TelemetryEvent> Events { get; init; } = [];
}
