using System.Globalization;

namespace LambdaSandbox.Processes;

/// <summary>One child group in each cgroup v1 hierarchy that is asked for; all processes of a sandbox are in it.</summary>
internal sealed class ControlGroup : IDisposable
{
    private readonly Dictionary<string, string> folders = [];

    private ControlGroup()
    {
    }

    /// <summary>Null when the options ask for nothing that needs one.</summary>
    /// <exception cref="SandboxException">A hierarchy is missing or not writable.</exception>
    public static ControlGroup? Create(SandboxOptions options)
    {
        var group = new ControlGroup();
        try
        {
            if (options.Freeze == FreezeMode.Cgroup)
                group.Add("freezer");
            if (options.LimitCpu)
            {
                const int period = 100_000;
                var quota = Math.Max(1000, (long)period * options.MemorySizeMb / 1769);
                group.Add("cpu");
                group.Write("cpu", "cpu.cfs_period_us", period);
                group.Write("cpu", "cpu.cfs_quota_us", quota);
            }

            if (options.LimitMemory)
            {
                group.Add("memory");
                group.Write("memory", "memory.limit_in_bytes", options.MemorySizeMb * 1024L * 1024);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            group.Dispose();
            throw new SandboxException($"cgroup v1 is not usable here ({e.Message}): run as root, or without the cgroup options", e)
            {
                LacksControlGroup = true,
            };
        }

        return group.folders.Count == 0 ? null : group;
    }

    public IEnumerable<string> ProcsFiles => folders.Values.Select(folder => Path.Combine(folder, "cgroup.procs"));

    public bool Freezes => folders.ContainsKey("freezer");

    /// <summary>The kernel killed a member because the limit was reached.</summary>
    public bool HasKilledForMemory =>
        folders.ContainsKey("memory") && Read("memory", "memory.oom_control").Split('\n')
            .Any(l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && l != "oom_kill 0");

    public int? PeakMemoryMb => folders.ContainsKey("memory")
        ? (int)(long.Parse(Read("memory", "memory.max_usage_in_bytes"), CultureInfo.InvariantCulture) / (1024 * 1024))
        : null;

    /// <summary>True when the kernel reports the state within a second.</summary>
    public bool Freeze(bool frozen)
    {
        var wanted = frozen ? "FROZEN" : "THAWED";
        File.WriteAllText(Path.Combine(folders["freezer"], "freezer.state"), wanted);
        return SpinWait.SpinUntil(() => Read("freezer", "freezer.state").Trim() == wanted, TimeSpan.FromSeconds(1));
    }

    public void Dispose()
    {
        foreach (var folder in folders.Values)
        {
            // Members were killed before; the kernel needs a moment to let go of them.
            for (var attempt = 0; attempt < 50 && Directory.Exists(folder); attempt++)
            {
                try
                {
                    Directory.Delete(folder);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Thread.Sleep(10);
                }
            }
        }
    }

    private void Add(string controller)
    {
        var own = File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3))
            .FirstOrDefault(parts => parts.Length == 3 && parts[1].Split(',').Contains(controller));
        var root = $"/sys/fs/cgroup/{controller}";
        var parent = own is null ? root : Path.Join(root, own[2]);
        if (!Directory.Exists(parent))
            parent = root;
        if (!Directory.Exists(parent))
            throw new IOException($"no {controller} hierarchy");
        var folder = Path.Combine(parent, $"lambda-sandbox-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        Guardian.Remove(folder);
        folders.Add(controller, folder);
    }

    private void Write(string controller, string file, long value) =>
        File.WriteAllText(Path.Combine(folders[controller], file), value.ToString(CultureInfo.InvariantCulture));

    private string Read(string controller, string file) => File.ReadAllText(Path.Combine(folders[controller], file)).TrimEnd();
}
