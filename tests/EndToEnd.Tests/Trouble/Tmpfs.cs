namespace EndToEnd.Tests.Trouble;

/// <summary>A small file system that is removed with the object. Needs root.</summary>
internal sealed class Tmpfs : IDisposable
{
    private Tmpfs(string folder) => Folder = folder;

    public string Folder { get; }

    public static async Task<Tmpfs> MountAsync(string options)
    {
        var mount = await TryMountAsync(options);
        Assert.SkipWhen(mount is null, "mount is not allowed here: run as root");
        return mount!;
    }

    /// <summary>Mounts it, or returns null where that is not allowed.</summary>
    public static async Task<Tmpfs?> TryMountAsync(string options)
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-extension-tmpfs-").FullName;
        if (await RunAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder) == 0)
            return new(folder);
        Directory.Delete(folder);
        return null;
    }

    public void Dispose()
    {
        RunAsync("umount", "-l", Folder).GetAwaiter().GetResult();
        Directory.Delete(Folder);
    }

    private static async Task<int> RunAsync(string command, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
