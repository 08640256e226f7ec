namespace EndToEnd.Tests.Harness;

/// <summary>What `make layer` packed: the tests run the very bytes that are shipped.</summary>
internal static class Artifacts
{
    public static string LayerZip => Find($"telemetry-extension-layer-{Architecture}.zip");

    public static string FunctionZip => Find($"demo-function-{Architecture}.zip");

    private static string Architecture =>
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "x86_64";

    private static string Find(string name)
    {
        var folder = Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") is { Length: > 0 } given
            ? given
            : Path.Combine(RepositoryRoot(), "artifacts");
        var path = Path.Combine(folder, name);
        Assert.True(
            File.Exists(path),
            $"{path} is missing. These tests run the published layer: build it with `make layer` in the repository's root (or run `make test`), "
            + "or name the folder of the zips in TELEMETRY_EXTENSION_ARTIFACTS.");
        return path;
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TelemetryExtension.sln")))
                return folder.FullName;
        return Directory.GetCurrentDirectory();
    }
}
