using LambdaSandbox.Platform;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Trouble;

/// <summary>Sets the wall clock of processes while they are frozen. Their monotonic clock continues.</summary>
internal sealed class ClockJumps(FaultChance chance)
{
    private readonly List<(FaultSpec Fault, TimeSpan By)> jumps =
        [.. chance.Of("clock-jump").Select(fault => (fault, fault.Time(fault.Detail.Length == 0 ? fault.Value : $"{fault.Value}:{fault.Detail}", maybeNegative: true)))];

    private readonly Dictionary<int, ProcessClock?> clocks = [];
    private readonly Lock sync = new();
    private TimeSpan offset;

    public void Jump(Moment moment, int number)
    {
        if (jumps.Count == 0)
            return;
        lock (sync)
        {
            foreach (var (_, by) in jumps.Where(each => chance.Hits(each.Fault, "clock-jump", number)))
            {
                offset += by;
                chance.Report($"the clock jumped by {by.TotalSeconds:F0} s after invocation {chance.Invocation}");
            }

            foreach (var (name, pid) in moment.Processes)
                ClockOf(name, pid)?.Set(offset);
        }
    }

    private ProcessClock? ClockOf(string name, int pid)
    {
        if (clocks.TryGetValue(pid, out var known))
            return known;
        var clock = ProcessClock.TryOf(pid, out var reason);
        if (clock is null)
            chance.Report($"the clock of {name} cannot be set: {reason}");
        return clocks[pid] = clock;
    }
}
