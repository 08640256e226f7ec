using Xunit.Sdk;
using Xunit.v3;

// Run tests one at a time: each runs a whole Lambda, some on fixed ports, and measures delays.
[assembly: Parallelization(Mode = ParallelMode.None)]
