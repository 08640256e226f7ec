using System.IO.Compression;

namespace LambdaSandbox.Runtimes;

/// <summary>Looks into functions and layers, packed or not.</summary>
internal static class PackageFiles
{
    /// <param name="name">A path inside the package.</param>
    public static bool Has(string? package, string name)
    {
        if (package is null)
            return false;
        if (Directory.Exists(package))
            return File.Exists(Path.Combine(package, name));
        try
        {
            using var zip = ZipFile.OpenRead(package);
            return zip.GetEntry(name) is not null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new SandboxException($"cannot read {package}: {e.Message}", e);
        }
    }
}
