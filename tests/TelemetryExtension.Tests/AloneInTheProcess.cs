namespace TelemetryExtension.Tests;

/// <summary>For tests that measure the heap of the whole process: nothing else runs at the same time.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
