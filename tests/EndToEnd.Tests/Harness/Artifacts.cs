namespace EndToEnd.Tests.Harness;

/// <summary>The output of `make layer`: the tests run exactly the shipped bytes.</summary>
internal static class Artifacts
{
    public static string LayerZip => Find("telemetry-extension-layer");

    public static string FunctionZip => Find("demo-function");

    private static string Architecture =>
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "x86_64";

    /// <summary>Skips the test where this is not built, for example without a cross compiler.</summary>
    public static string ForArm64(string name)
    {
        var path = PathOf(name, "arm64");
        if (!File.Exists(path))
            Assert.Skip($"{path} is missing; build it, or see why that fails, with: make layer ARCHITECTURE=all");
        return path;
    }

    private static string Find(string name)
    {
        var path = PathOf(name, Architecture);
        Assert.True(
            File.Exists(path),
            $"{path} is missing. These tests run the published layer: build it with `make layer` in the repository's root (or run `make test`), "
            + "or name the folder of the zips in TELEMETRY_EXTENSION_ARTIFACTS.");
        return path;
    }

    private static string PathOf(string name, string architecture)
    {
        var folder = Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") is { Length: > 0 } given
            ? given
            : Path.Combine(RepositoryRoot(), "artifacts");
        return Path.Combine(folder, $"{name}-{architecture}.zip");
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TelemetryExtension.sln")))
                return folder.FullName;
        return Directory.GetCurrentDirectory();
    }
}
