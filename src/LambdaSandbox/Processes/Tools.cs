namespace LambdaSandbox.Processes;

/// <summary>Programs of the host that the sandbox uses to start others.</summary>
internal static class Tools
{
    public static string Setsid { get; } = Find("setsid");
    public static string Unshare { get; } = Find("unshare", needed: false);
    public static string Nsenter { get; } = Find("nsenter", needed: false);
    public static string Env { get; } = Find("env");

    private static string Find(string name, bool needed = true)
    {
        string[] folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? (needed ? null : name)
            ?? throw new FileNotFoundException($"lambda-sandbox needs the program '{name}' (package util-linux or coreutils)");
    }
}
