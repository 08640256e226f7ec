using LambdaSandbox.Runtimes;

namespace LambdaSandbox.Conformance;

/// <summary>The extension under test, as a layer: a zip, a folder, or a single file that becomes one.</summary>
internal sealed class Subject : IDisposable
{
    private readonly string? made;

    private Subject(string layer, string? made) => (Layer, this.made) = (layer, made);

    public string Layer { get; }

    /// <exception cref="SandboxException">There is no extension at this path.</exception>
    public static Subject At(string path)
    {
        if (Directory.Exists(path))
            return PackageFiles.HasFolder(path, "extensions") ? new Subject(path, null) : throw new SandboxException($"--extension: {path} has no folder extensions");
        if (!File.Exists(path))
            throw new SandboxException($"--extension: {path} does not exist");
        if (path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            return PackageFiles.HasFolder(path, "extensions") ? new Subject(path, null) : throw new SandboxException($"--extension: {path} has no folder extensions");
        var layer = Directory.CreateTempSubdirectory("lambda-sandbox-extension-").FullName;
        var folder = Directory.CreateDirectory(Path.Combine(layer, "extensions")).FullName;
        File.Copy(path, Path.Combine(folder, Path.GetFileName(path)));
        return new Subject(layer, layer);
    }

    public void Dispose()
    {
        if (made is not null)
            Directory.Delete(made, recursive: true);
    }
}
