using Xunit.Sdk;
using Xunit.v3;

// Each test runs a whole Lambda, some on the fixed ports, and measures how long it was held up: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
