namespace LambdaSandbox.Processes;

/// <summary>The control groups that all processes of a sandbox are in: one on cgroup v2, one in each hierarchy on v1.</summary>
internal sealed class ControlGroup : IDisposable
{
    private readonly List<CgroupFolder> folders = [];

    private ControlGroup()
    {
    }

    /// <summary>Creates the control groups. Returns null when the options need none.</summary>
    /// <exception cref="SandboxException">A controller is missing or not writable.</exception>
    public static ControlGroup? Create(SandboxOptions options) => Create(options, CgroupMachine.This);

    internal static ControlGroup? Create(SandboxOptions options, CgroupMachine machine)
    {
        var group = new ControlGroup();
        try
        {
            if (options.Freeze == FreezeMode.Cgroup)
                group.Of(machine, "freezer");
            if (options.LimitCpu)
            {
                const int period = 100_000;
                group.Of(machine, "cpu").LimitCpu(Math.Max(1000, (long)period * options.MemorySizeMb / 1769), period);
            }

            if (options.LimitMemory)
                group.Of(machine, "memory").LimitMemory(options.MemorySizeMb * 1024L * 1024);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            group.Dispose();
            throw new SandboxException(
                $"control groups (cgroup) are not usable here: {e.Message.TrimEnd('.')}. Run as root, or without --limit-cpu, --limit-memory and --freeze cgroup", e)
            {
                LacksControlGroup = true,
            };
        }

        return group.folders.Count == 0 ? null : group;
    }

    public IEnumerable<string> ProcsFiles => folders.Select(folder => Path.Combine(folder.Path, "cgroup.procs"));

    public bool Freezes => Find("freezer") is not null;

    /// <summary>Whether the kernel killed a member because of the memory limit.</summary>
    public bool HasKilledForMemory => Find("memory")?.OutOfMemoryKills > 0;

    public int? PeakMemoryMb => Find("memory")?.PeakMemoryBytes is { } bytes ? (int)(bytes / (1024 * 1024)) : null;

    /// <summary>Freezes or thaws. Returns true when the kernel reports the state within a second.</summary>
    public bool Freeze(bool frozen) => Find("freezer")!.Freeze(frozen);

    public void Dispose()
    {
        foreach (var folder in folders)
            folder.Dispose();
    }

    private CgroupFolder? Find(string controller) => folders.Find(folder => folder.Controllers.Contains(controller));

    /// <summary>Returns the folder for a controller. On v2 the single folder gets the controller added.</summary>
    private CgroupFolder Of(CgroupMachine machine, string controller)
    {
        if (folders.Find(folder => folder.IsV2) is { } existing && machine.IsV2(controller))
        {
            machine.Enable(controller);
            existing.Controllers.Add(controller);
            return existing;
        }

        var made = machine.Make(controller);
        folders.Add(made);
        return made;
    }
}
