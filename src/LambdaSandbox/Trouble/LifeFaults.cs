using LambdaSandbox.Platform;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Trouble;

/// <summary>Kills processes, freezes them for any time, and lets clocks jump meanwhile.</summary>
internal sealed class LifeFaults
{
    private static readonly (string Name, LifePoint Point)[] Points =
    [
        ("start", LifePoint.Start), ("registered", LifePoint.Registered), ("ready", LifePoint.Ready), ("invoke", LifePoint.Invoke),
        ("response", LifePoint.Response), ("post-runtime", LifePoint.PostRuntime), ("frozen", LifePoint.Frozen), ("shutdown", LifePoint.Shutdown),
    ];

    private readonly FaultChance chance;
    private readonly List<(FaultSpec Fault, LifePoint Point)> kills;
    private readonly List<(FaultSpec Fault, TimeSpan Limit)> freezes;
    private readonly List<(FaultSpec Fault, TimeSpan Limit)> freezesWithin;
    private readonly ClockJumps clocks;

    /// <exception cref="SandboxException">The point does not exist, or the time is invalid.</exception>
    public LifeFaults(FaultChance chance)
    {
        this.chance = chance;
        kills = [.. chance.Of("kill").Select(fault => (fault, PointOf(fault)))];
        freezes = [.. chance.Of("freeze").Select(fault => (fault, fault.Time(fault.Value)))];
        freezesWithin = [.. chance.Of("freeze-within").Select(fault => (fault, fault.Time(fault.Value)))];
        clocks = new ClockJumps(chance);
    }

    public void Happen(Moment moment)
    {
        var number = chance.Number($"at:{moment.Point}:{moment.Process}");
        if (moment.Point == LifePoint.Invoke)
            foreach (var (fault, limit) in freezesWithin.Where(each => chance.Hits(each.Fault, "freeze-within", number)))
                _ = moment.Freeze(chance.Part(fault, limit, "freeze-within", number));
        foreach (var (fault, point) in kills)
            if (point == moment.Point && chance.Hits(fault, $"kill:{moment.Process}", number))
                Kill(fault, moment);
        if (moment.Point == LifePoint.Frozen)
            clocks.Jump(moment, number);
    }

    public async Task BeforeInvocationAsync(CancellationToken cancellation)
    {
        var number = chance.Number("before");
        foreach (var (fault, limit) in freezes.Where(each => chance.Hits(each.Fault, "freeze", number)))
            await Task.Delay(chance.Part(fault, limit, "freeze", number), cancellation).ConfigureAwait(false);
    }

    private void Kill(FaultSpec fault, Moment moment)
    {
        // A point of one process affects that process. A point of all processes affects the one that the fault names.
        foreach (var (name, pid) in moment.Processes.Where(each => Means(fault.Value, each.Name) && (moment.Process is null || moment.Process == each.Name)))
        {
            chance.Report($"{name} was killed at {Points.First(each => each.Point == moment.Point).Name}{(chance.Invocation > 0 ? $", invocation {chance.Invocation}" : "")}");
            Native.SignalGroup(pid, Native.SigKill);
        }
    }

    private static bool Means(string whom, string name) => whom == name || (whom == "extension" && name != "function");

    private static LifePoint PointOf(FaultSpec fault)
    {
        var name = fault.Detail.Length == 0 ? "invoke" : fault.Detail;
        return Points.Any(each => each.Name == name)
            ? Points.First(each => each.Name == name).Point
            : throw new SandboxException($"--fault kill: {name} is none of {string.Join(", ", Points.Select(each => each.Name))}");
    }
}
