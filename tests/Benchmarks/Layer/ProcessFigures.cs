using System.Globalization;
using System.Runtime.InteropServices;

namespace Benchmarks;

/// <summary>The kernel's figures about a process.</summary>
/// <param name="Cpu">Of all threads, ended ones too, to the nanosecond. /proc/PID/stat counts hundredths of a second.</param>
/// <param name="Switches">Context switches of the threads that live.</param>
internal sealed partial record ProcessFigures(TimeSpan Cpu, long Switches, int Threads, double RssMb, double AnonymousMb)
{
    public static ProcessFigures Of(int pid)
    {
        var lines = File.ReadAllLines($"/proc/{pid}/status");
        return new(CpuOf(pid), SwitchesOf(pid), (int)Number(lines, "Threads:"), Number(lines, "VmRSS:") / 1024, Number(lines, "RssAnon:") / 1024);
    }

    private static long SwitchesOf(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task").Sum(thread =>
    {
        try
        {
            var lines = File.ReadAllLines(thread + "/status");
            return (long)(Number(lines, "voluntary_ctxt_switches:") + Number(lines, "nonvoluntary_ctxt_switches:"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    });

    private static double Number(string[] lines, string name) =>
        double.Parse(lines.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    private static TimeSpan CpuOf(int pid)
    {
        // clock_getcpuclockid(3) makes the id of a process's clock like this.
        const int wholeProcess = 2;
        return ClockGetTime((~pid << 3) | wholeProcess, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick)
            : throw new InvalidOperationException($"process {pid} has ended");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Timespec time);

    private readonly record struct Timespec(long Seconds, long Nanoseconds);
}
