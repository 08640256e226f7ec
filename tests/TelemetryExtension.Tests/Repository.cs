namespace TelemetryExtension.Tests;

internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Text(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    private static string Find(string? folder) => folder is null ? throw new DirectoryNotFoundException("TelemetryExtension.sln")
        : File.Exists(Path.Combine(folder, "TelemetryExtension.sln")) ? folder : Find(Path.GetDirectoryName(folder));
}
