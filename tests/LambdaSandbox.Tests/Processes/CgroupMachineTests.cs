using LambdaSandbox.Processes;

namespace LambdaSandbox.Tests.Processes;

/// <summary>Control groups of both versions, on folders that look like /sys/fs/cgroup.</summary>
public sealed class CgroupMachineTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sandbox-cgroup-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void V2_Limits_AreWrittenBesideTheOwnGroup()
    {
        V2("", "cpu memory pids", "");
        V2("user.slice", "cpu memory pids", "pids");
        V2("user.slice/session.scope", "pids", "");
        var options = new SandboxOptions { LimitCpu = true, LimitMemory = true, MemorySizeMb = 256, Freeze = FreezeMode.Cgroup };

        var group = ControlGroup.Create(options, new CgroupMachine(root, ["0::/user.slice/session.scope"]))!;

        var folder = Path.GetDirectoryName(Assert.Single(group.ProcsFiles))!;
        Assert.Equal(Path.Combine(root, "user.slice"), Path.GetDirectoryName(folder));
        Assert.Equal("14471 100000", File.ReadAllText(Path.Combine(folder, "cpu.max")));
        Assert.Equal("268435456", File.ReadAllText(Path.Combine(folder, "memory.max")));

        // A kernel file accepts one word at a time. Here only the last one remains.
        Assert.Equal("+memory", File.ReadAllText(Path.Combine(root, "cgroup.subtree_control")));
        Assert.Equal("+memory", File.ReadAllText(Path.Combine(root, "user.slice", "cgroup.subtree_control")));
        Assert.True(group.Freezes);
    }

    [Fact]
    public void V2_OutOfMemoryAndPeak_AreRead()
    {
        V2("", "memory", "");
        using var group = ControlGroup.Create(new SandboxOptions { LimitMemory = true }, new CgroupMachine(root, ["0::/"]))!;
        var folder = Path.GetDirectoryName(Assert.Single(group.ProcsFiles))!;
        File.WriteAllText(Path.Combine(folder, "memory.events"), "low 0\nmax 3\noom 1\noom_kill 0\n");
        File.WriteAllText(Path.Combine(folder, "memory.peak"), "73400320\n");
        Assert.False(group.HasKilledForMemory);
        Assert.Equal(70, group.PeakMemoryMb);

        File.WriteAllText(Path.Combine(folder, "memory.events"), "oom 1\noom_kill 1\n");
        Assert.True(group.HasKilledForMemory);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void V2_ControllerWithheld_SaysSo()
    {
        V2("", "pids", "");
        var error = Assert.Throws<SandboxException>(
            () => ControlGroup.Create(new SandboxOptions { LimitCpu = true }, new CgroupMachine(root, ["0::/"])));
        Assert.True(error.LacksControlGroup);
        Assert.Contains("no cpu controller", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void V1_Limits_AreWrittenInEachHierarchy()
    {
        Directory.CreateDirectory(Path.Combine(root, "cpu"));
        Directory.CreateDirectory(Path.Combine(root, "memory", "own"));
        var group = ControlGroup.Create(
            new SandboxOptions { LimitCpu = true, LimitMemory = true, MemorySizeMb = 1769 }, new CgroupMachine(root, ["4:memory:/own", "1:cpu,cpuacct:/gone"]))!;
        var folders = group.ProcsFiles.Select(file => Path.GetDirectoryName(file)!).ToList();
        Assert.Equal([Path.Combine(root, "cpu"), Path.Combine(root, "memory", "own")], folders.Select(Path.GetDirectoryName));
        Assert.Equal("100000", File.ReadAllText(Path.Combine(folders[0], "cpu.cfs_quota_us")));
        Assert.Equal("1854930944", File.ReadAllText(Path.Combine(folders[1], "memory.limit_in_bytes")));
    }

    [Fact]
    public async Task V2_RealFreezer_StopsAProcess()
    {
        const string unified = "/sys/fs/cgroup/unified";
        var mounted = new[] { unified, "/sys/fs/cgroup" }.FirstOrDefault(path => File.Exists(Path.Combine(path, "cgroup.controllers")));
        if (mounted is null || !Environment.IsPrivilegedProcess)
            Assert.Skip("no writable cgroup v2 here");
        using var group = ControlGroup.Create(new SandboxOptions { Freeze = FreezeMode.Cgroup }, new CgroupMachine(mounted, ["0::/"]))!;
        using var process = System.Diagnostics.Process.Start("/bin/sleep", "60");
        try
        {
            await File.WriteAllTextAsync(Assert.Single(group.ProcsFiles), $"{process.Id}", TestContext.Current.CancellationToken);
            Assert.True(group.Freeze(true));
            Assert.True(group.Freeze(false));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private void V2(string path, string controllers, string handedDown)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, path)).FullName;
        File.WriteAllText(Path.Combine(folder, "cgroup.controllers"), controllers);
        File.WriteAllText(Path.Combine(folder, "cgroup.subtree_control"), handedDown);
    }
}
