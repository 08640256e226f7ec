using System.Globalization;

namespace LambdaSandbox.Processes;

/// <summary>One control group of the sandbox. The two cgroup versions name the same things differently.</summary>
internal sealed class CgroupFolder(string path, bool isV2) : IDisposable
{
    public string Path => path;

    public bool IsV2 => isV2;

    /// <summary>The controllers that use this group.</summary>
    public HashSet<string> Controllers { get; } = [];

    public long OutOfMemoryKills => isV2 ? Entry("memory.events", "oom_kill") : Entry("memory.oom_control", "oom_kill");

    /// <summary>The peak memory. Null where the kernel does not record it.</summary>
    public long? PeakMemoryBytes
    {
        get
        {
            string[] files = isV2 ? ["memory.peak", "memory.current"] : ["memory.max_usage_in_bytes"];
            return files.FirstOrDefault(Has) is { } file ? long.Parse(Read(file), CultureInfo.InvariantCulture) : null;
        }
    }

    public void LimitCpu(long quota, int period)
    {
        if (isV2)
        {
            Write("cpu.max", $"{quota} {period}");
            return;
        }

        Write("cpu.cfs_period_us", $"{period}");
        Write("cpu.cfs_quota_us", $"{quota}");
    }

    public void LimitMemory(long bytes)
    {
        Write(isV2 ? "memory.max" : "memory.limit_in_bytes", $"{bytes}");

        // Lambda has no swap. v1 exposes the combined limit of memory and swap only where swap is accounted.
        var swap = isV2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
        if (Has(swap))
            Write(swap, isV2 ? "0" : $"{bytes}");
    }

    /// <summary>Freezes or thaws. Returns true when the kernel reports the state within a second.</summary>
    public bool Freeze(bool frozen)
    {
        if (!isV2)
        {
            var wanted = frozen ? "FROZEN" : "THAWED";
            Write("freezer.state", wanted);
            return SpinWait.SpinUntil(() => Read("freezer.state") == wanted, TimeSpan.FromSeconds(1));
        }

        Write("cgroup.freeze", frozen ? "1" : "0");
        return SpinWait.SpinUntil(() => Entry("cgroup.events", "frozen") == (frozen ? 1 : 0), TimeSpan.FromSeconds(1));
    }

    public void Dispose()
    {
        // The members are already killed, but the kernel needs a moment to remove them.
        for (var attempt = 0; attempt < 50 && Directory.Exists(path); attempt++)
        {
            try
            {
                Directory.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(10);
            }
        }
    }

    private long Entry(string file, string name) => Read(file).Split('\n').Select(line => line.Split(' '))
        .Where(parts => parts.Length == 2 && parts[0] == name)
        .Select(parts => long.Parse(parts[1], CultureInfo.InvariantCulture)).FirstOrDefault();

    private bool Has(string file) => File.Exists(System.IO.Path.Combine(path, file));

    private void Write(string file, string value) => File.WriteAllText(System.IO.Path.Combine(path, file), value);

    private string Read(string file) => File.ReadAllText(System.IO.Path.Combine(path, file)).TrimEnd();
}
