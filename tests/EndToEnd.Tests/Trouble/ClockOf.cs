using LambdaSandbox.Processes;

namespace EndToEnd.Tests.Trouble;

/// <summary>The clock of a process, for tests that use only this fault.</summary>
internal static class ClockOf
{
    /// <summary>Skips the test where the clock cannot be set. The process must be idle.</summary>
    public static ProcessClock Process(int pid)
    {
        var clock = ProcessClock.TryOf(pid, out var reason);
        Assert.SkipWhen(clock is null, reason);
        return clock!;
    }
}
