using EndToEnd.Tests.Harness;
using Xunit.Sdk;
using Xunit.v3;

// Each test runs a whole Lambda and waits for most of its time: alone they use a third of one CPU. Classes that need quiet are in the collection Alone.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 3)]
[assembly: CanaryCheck]
