using System.IO.Compression;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Platform;

/// <summary>The folders of an execution environment: opt, var/task and tmp under one root. They survive resets.</summary>
internal sealed class Layout : IDisposable
{
    private const int TypeMask = 0xF000;
    private const int SymbolicLink = 0xA000;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private Layout(string root, string opt, string task)
    {
        (Root, Opt, Task) = (root, opt, task);
        Tmp = Path.Combine(root, "tmp");
        foreach (var folder in new[] { Opt, Task, Tmp })
            Directory.CreateDirectory(folder);
    }

    public string Root { get; }
    public string Opt { get; }
    public string Task { get; }

    /// <summary>What is mounted at /tmp with private mounts.</summary>
    public string Tmp { get; }

    /// <exception cref="SandboxException">A zip or folder is missing or broken.</exception>
    public static Layout Create(SandboxOptions options)
    {
        // Nothing that is run may lie under /tmp when that is going to be covered by a mount.
        if (options.PrivateMounts && new[] { options.LayerDirectory, options.FunctionDirectory }.Any(IsUnderTmp))
            throw new SandboxException("with private mounts, layer and function folders must not be under /tmp");
        var parent = options.PrivateMounts ? "/var/tmp" : Path.GetTempPath();
        var root = Path.Combine(parent, $"lambda-sandbox-{Guid.NewGuid():N}");
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Guardian.Remove(root);
        var layout = new Layout(
            root,
            Existing(options.LayerDirectory) ?? Path.Combine(root, "opt"),
            Existing(options.FunctionDirectory) ?? Path.Combine(root, "var", "task"));
        try
        {
            if (options.LayerZip is { } layer)
                Unpack(layer, layout.Opt);
            if (options.FunctionZip is { } function)
                Unpack(function, layout.Task);
            return layout;
        }
        catch
        {
            layout.Dispose();
            throw;
        }
    }

    /// <summary>Every file directly in opt/extensions, executable or not: Lambda tries them all.</summary>
    public IReadOnlyList<string> ExtensionFiles()
    {
        var folder = Path.Combine(Opt, "extensions");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>The real path of one that names /opt or /var/task.</summary>
    public string Real(string path)
    {
        if (path == "/opt" || path.StartsWith("/opt/", StringComparison.Ordinal))
            return Opt + path["/opt".Length..];
        return path == "/var/task" || path.StartsWith("/var/task/", StringComparison.Ordinal) ? Task + path["/var/task".Length..] : path;
    }

    public static bool IsExecutable(string path) => File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only folder a test made: left to the host's cleaning of temporary files.
        }
    }

    private static bool IsUnderTmp(string? folder) => folder is not null && Path.GetFullPath(folder).StartsWith("/tmp/", StringComparison.Ordinal);

    private static string? Existing(string? folder) => folder is null || Directory.Exists(folder)
        ? folder is null ? null : Path.GetFullPath(folder)
        : throw new SandboxException($"folder {folder} does not exist");

    /// <summary>Unpacks keeping mode bits and symbolic links; an entry without Unix mode is not executable, as on Lambda.</summary>
    private static void Unpack(string zip, string folder)
    {
        try
        {
            using var archive = ZipFile.OpenRead(zip);
            foreach (var entry in archive.Entries)
                Unpack(entry, folder);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new SandboxException($"cannot unpack {zip}: {e.Message}", e);
        }
    }

    private static void Unpack(ZipArchiveEntry entry, string folder)
    {
        var path = Path.GetFullPath(Path.Combine(folder, entry.FullName));
        if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) && path != folder)
            throw new InvalidDataException($"entry {entry.FullName} leaves the folder");
        if (entry.FullName.EndsWith('/'))
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var attributes = entry.ExternalAttributes >> 16;
        if ((attributes & TypeMask) == SymbolicLink)
        {
            using var reader = new StreamReader(entry.Open());
            File.CreateSymbolicLink(path, reader.ReadToEnd());
            return;
        }

        entry.ExtractToFile(path, overwrite: true);
        var mode = (UnixFileMode)attributes & Permissions;
        File.SetUnixFileMode(path, mode != 0 ? mode : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
