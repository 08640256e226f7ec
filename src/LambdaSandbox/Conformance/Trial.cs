namespace LambdaSandbox.Conformance;

/// <summary>How a scenario went.</summary>
/// <param name="Lines">Log lines that the function wrote.</param>
/// <param name="Arrived">How many of them the backend has.</param>
/// <param name="Printed">What the extensions printed.</param>
/// <param name="Shutdown">Null when there was no environment left to shut down.</param>
/// <param name="Happened">What the faults did.</param>
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
