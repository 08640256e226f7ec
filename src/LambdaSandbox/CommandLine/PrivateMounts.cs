using LambdaSandbox.Processes;

namespace LambdaSandbox.CommandLine;

/// <summary>Decides whether processes see Lambda's paths or those of this machine.</summary>
internal static class PrivateMounts
{
    private static readonly string[] Hidden = ["/opt/", "/tmp/", "/var/task/"];

    /// <param name="mode">auto, on or off.</param>
    /// <exception cref="SandboxException">The mounts were requested, but are not possible.</exception>
    public static bool Choose(string mode, IReadOnlyList<string> command, List<string> notes)
    {
        if (mode == "off")
            return false;
        var obstacle = MountNamespace.Unavailable;
        if (obstacle is null && mode == "auto"
            && command.FirstOrDefault(word => Hidden.Any(folder => word.StartsWith(folder, StringComparison.Ordinal)) && File.Exists(word)) is { } hidden)
            obstacle = $"they would hide {hidden}";
        if (obstacle is null)
            return true;
        if (mode == "on")
            throw new SandboxException($"--private-mounts: not possible here: {obstacle}");
        notes.Add($"no private mounts: {obstacle}. Processes see this machine's /tmp, and real paths instead of /opt and /var/task");
        return false;
    }
}
