namespace TelemetryExtension.Tests;

/// <summary>For tests that look at the heap of the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
