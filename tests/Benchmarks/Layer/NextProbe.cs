using System.Globalization;

namespace Benchmarks;

/// <summary>The kernel's figures about the extension at its first Next. What it does afterwards costs the customer no start time.</summary>
/// <param name="names">The names of executables that may be the extension. The newest process with one of them is.</param>
internal sealed class NextProbe(params string[] names)
{
    /// <summary>Null before the first Next.</summary>
    public Reading? Taken { get; private set; }

    /// <param name="MajorFaults">Pages that all threads had to read from the disk.</param>
    internal sealed record Reading(TimeSpan Cpu, long MajorFaults, long SectorsRead);

    /// <summary>For <see cref="LambdaSandbox.SandboxOptions.OnNext"/>.</summary>
    /// <param name="device">The block device whose reads are counted, such as loop0.</param>
    public Task TakeAsync(string? device = null)
    {
        // Read the device first, because the extension keeps reading.
        var sectors = device is null ? 0 : SectorsRead(device);
        if (Taken is null && FindProcess() is { } process)
            Taken = new(Cpu(process), MajorFaults(process), sectors);
        return Task.CompletedTask;
    }

    /// <summary>Sectors of 512 bytes, the third field of /sys/block/NAME/stat.</summary>
    public static long SectorsRead(string device) =>
        long.Parse(File.ReadAllText($"/sys/block/{device}/stat").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);

    private string? FindProcess() => Directory.EnumerateDirectories("/proc")
        .Where(process => int.TryParse(Path.GetFileName(process), out _) && names.Contains(Path.GetFileName(Executable(process))))
        .MaxBy(process => StartTime(process));

    private static string? Executable(string process)
    {
        try
        {
            return File.ResolveLinkTarget(process + "/exe", returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long StartTime(string process) => long.Parse(Stat(process)[19], CultureInfo.InvariantCulture);

    private static long MajorFaults(string process) => long.Parse(Stat(process)[9], CultureInfo.InvariantCulture);

    /// <summary>The fields of /proc/PID/stat from the third, the state, on.</summary>
    private static string[] Stat(string process)
    {
        var stat = File.ReadAllText(process + "/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    /// <summary>Time on a CPU in nanoseconds, the first field of schedstat, of the threads that live.</summary>
    private static TimeSpan Cpu(string process) => TimeSpan.FromMicroseconds(Directory.EnumerateDirectories(process + "/task")
        .Sum(thread => long.Parse(File.ReadAllText(thread + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture)) / 1000.0);
}
