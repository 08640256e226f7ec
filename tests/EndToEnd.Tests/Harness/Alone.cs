namespace EndToEnd.Tests.Harness;

/// <summary>Tests that run while no other does: they need the whole machine for a moment, or a port that nobody else may get.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
