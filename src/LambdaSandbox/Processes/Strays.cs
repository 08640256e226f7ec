using System.Text;

namespace LambdaSandbox.Processes;

/// <summary>Processes of an environment that have left their group, as daemons do: they are known by their variables.</summary>
internal static class Strays
{
    private const int Rounds = 3;

    /// <summary>Kills whatever has this Runtime API in its environment. On Lambda nothing outlives its environment either.</summary>
    public static void Kill(string authority)
    {
        var variable = Encoding.UTF8.GetBytes($"AWS_LAMBDA_RUNTIME_API={authority}\0");

        // One may start another while it is looked for.
        for (var round = 0; round < Rounds; round++)
        {
            var found = Pids().Where(pid => Has(pid, variable)).ToList();
            foreach (var pid in found)
                Native.Signal(pid, Native.SigKill);
            if (found.Count == 0)
                return;
        }
    }

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!))
            .Where(pid => pid != Environment.ProcessId);

    private static bool Has(int pid, byte[] variable)
    {
        try
        {
            return ProcFs.State(pid) is not (null or 'Z') && File.ReadAllBytes($"/proc/{pid}/environ").AsSpan().IndexOf(variable) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
