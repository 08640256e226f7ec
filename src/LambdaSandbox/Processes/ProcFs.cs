using System.Globalization;

namespace LambdaSandbox.Processes;

/// <summary>Reads the kernel's information about a process.</summary>
internal static class ProcFs
{
    /// <summary>The state letter of /proc/pid/stat (R, S, D, T, Z), or null when there is no such process.</summary>
    public static char? State(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Processor time of the process and of the children it has waited for; zero when there is no such process.</summary>
    public static TimeSpan CpuTime(int pid)
    {
        const int userTime = 11, perSecond = 100;
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds(fields[userTime..(userTime + 4)].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / (double)perSecond);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TimeSpan.Zero;
        }
    }

    /// <summary>The highest resident size so far in kB, 0 when unknown.</summary>
    public static long PeakResidentKb(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            var digits = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim();
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var kb) ? kb : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
