using System.IO.Compression;

namespace LambdaSandbox.Runtimes;

/// <summary>Looks for files in functions and layers, zipped or not.</summary>
internal static class PackageFiles
{
    /// <param name="name">A path inside the package.</param>
    public static bool Has(string? package, string name) =>
        package is not null && (Directory.Exists(package) ? File.Exists(Path.Combine(package, name)) : Any(package, entry => entry == name));

    /// <summary>There is a file right in this folder of the package.</summary>
    public static bool HasFolder(string package, string name) => Directory.Exists(package)
        ? Directory.Exists(Path.Combine(package, name)) && Directory.EnumerateFiles(Path.Combine(package, name)).Any()
        : Any(package, entry => entry.StartsWith(name + "/", StringComparison.Ordinal) && !entry.EndsWith('/'));

    private static bool Any(string package, Func<string, bool> matches)
    {
        try
        {
            using var zip = ZipFile.OpenRead(package);
            return zip.Entries.Any(entry => matches(entry.FullName));
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new SandboxException($"cannot read {package}: {e.Message}", e);
        }
    }
}
