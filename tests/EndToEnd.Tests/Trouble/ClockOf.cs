using LambdaSandbox.Processes;

namespace EndToEnd.Tests.Trouble;

/// <summary>The clock of a process, for tests that are about nothing else.</summary>
internal static class ClockOf
{
    /// <summary>Skips the test where it cannot be set. The process must be at rest.</summary>
    public static ProcessClock Process(int pid)
    {
        var clock = ProcessClock.TryOf(pid, out var reason);
        Assert.SkipWhen(clock is null, reason);
        return clock!;
    }
}
