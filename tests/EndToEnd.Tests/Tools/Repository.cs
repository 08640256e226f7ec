using System.Runtime.InteropServices;

namespace EndToEnd.Tests.Tools;

/// <summary>Paths in the clone that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Path(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>A zip that <c>make layer</c> creates for this architecture. Skips the test without it.</summary>
    public static string Zip(string name)
    {
        var architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x86_64";
        var folder = Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? Path("artifacts");
        var file = System.IO.Path.Combine(folder, $"{name}-{architecture}.zip");
        if (!File.Exists(file))
            Assert.Skip($"{file} is missing: run make layer");
        return file;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "TelemetryExtension.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no TelemetryExtension.sln above " + AppContext.BaseDirectory);
    }
}
