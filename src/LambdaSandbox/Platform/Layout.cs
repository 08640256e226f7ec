using System.IO.Compression;
using LambdaSandbox.Processes;

namespace LambdaSandbox.Platform;

/// <summary>The folders of an execution environment: opt, var/task and tmp under one root. They outlive resets.</summary>
internal sealed class Layout : IDisposable
{
    private const int TypeMask = 0xF000;
    private const int SymbolicLink = 0xA000;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private readonly string? runtime;

    private Layout(string root, string opt, string task, string? runtime, bool mounted)
    {
        this.runtime = runtime;
        (Root, Opt, Task) = (root, opt, task);
        (SeenOpt, SeenTask) = mounted ? ("/opt", "/var/task") : (opt, task);
        IsMounted = mounted;
        Tmp = Path.Combine(root, "tmp");
        foreach (var folder in new[] { Opt, Task, Tmp })
            Directory.CreateDirectory(folder);
    }

    public string Root { get; }
    public string Opt { get; }
    public string Task { get; }

    /// <summary>Whether processes see /opt and /var/task as mounts.</summary>
    public bool IsMounted { get; }

    /// <summary>The folder to which the mount namespace moves what is in the way.</summary>
    public string Stage => Path.Combine(Root, "stage");

    /// <summary>The path of <see cref="Opt"/> as processes see it.</summary>
    public string SeenOpt { get; }

    /// <summary>The path of <see cref="Task"/> as processes see it.</summary>
    public string SeenTask { get; }

    /// <summary>The folder that private mounts show at /tmp.</summary>
    public string Tmp { get; }

    /// <exception cref="SandboxException">A zip or folder is missing or broken.</exception>
    public static Layout Create(SandboxOptions options)
    {
        var root = Path.Combine(Path.GetTempPath(), $"lambda-sandbox-{Guid.NewGuid():N}");
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Guardian.Remove(root);
        var layout = new Layout(
            root,
            Existing(options.LayerDirectory) ?? OnlyFolder(options) ?? Path.Combine(root, "opt"),
            Existing(options.FunctionDirectory) ?? Path.Combine(root, "var", "task"),
            options.RuntimeDirectory,
            options.PrivateMounts);
        try
        {
            if (options.LayerZip is { } layer)
                Unpack(layer, layout.Opt);
            if (OnlyFolder(options) is null)
                foreach (var each in options.Layers)
                    Add(each, layout.Opt);
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

    /// <summary>The mounts for all processes of the environment.</summary>
    public IReadOnlyList<BindMount> Mounts(SandboxOptions options)
    {
        // Mount /tmp last, because it hides the folders that the others are mounted from.
        List<BindMount> mounts = [.. options.Mounts.Select(mount => new BindMount(mount.File, mount.InPlaceOf))];
        if (options.PrivateMounts)
        {
            if (options.RuntimeDirectory is { } runtime)
                mounts.Add(new BindMount(runtime, "/var/runtime", ReadOnly: true));
            mounts.AddRange([new(Opt, "/opt", ReadOnly: true), new(Task, "/var/task", ReadOnly: true), new(Tmp, "/tmp")]);
        }

        return mounts;
    }

    /// <summary>All files directly in opt/extensions, executable or not, because Lambda tries to start all of them.</summary>
    public IReadOnlyList<string> ExtensionFiles()
    {
        var folder = Path.Combine(Opt, "extensions");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>Translates a path under /opt or /var/task to the path that processes see.</summary>
    public string Seen(string path) => IsMounted ? path : Real(path);

    /// <summary>Translates a path under /opt or /var/task to the path outside of the mounts.</summary>
    public string Real(string path)
    {
        if (path == "/opt" || path.StartsWith("/opt/", StringComparison.Ordinal))
            return Opt + path["/opt".Length..];
        if (path.StartsWith("/var/runtime/", StringComparison.Ordinal) && runtime is not null)
            return runtime + path["/var/runtime".Length..];
        return path == "/var/task" || path.StartsWith("/var/task/", StringComparison.Ordinal) ? Task + path["/var/task".Length..] : path;
    }

    public static bool IsExecutable(string path) => File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    /// <summary>Whether a file is an ELF file and not a script.</summary>
    public static bool IsBinary(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("\u007fELF"u8);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A test made a folder read-only. The host cleans temporary files up later.
        }
    }

    /// <summary>Returns the only layer when it is a folder, which is then used in place.</summary>
    private static string? OnlyFolder(SandboxOptions options) =>
        options is { LayerZip: null, LayerDirectory: null, Layers: [var only] } && Directory.Exists(only) ? Path.GetFullPath(only) : null;

    private static void Link(string path, string target)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }

    private static void Add(string layer, string folder)
    {
        if (!Directory.Exists(layer))
        {
            Unpack(layer, folder);
            return;
        }

        foreach (var source in Directory.EnumerateDirectories(layer, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(folder, Path.GetRelativePath(layer, source)));
        foreach (var source in Directory.EnumerateFiles(layer, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(layer, source));
            if (new FileInfo(source).LinkTarget is { } link)
                Link(target, link);
            else
                File.Copy(source, target, overwrite: true);
        }
    }

    private static string? Existing(string? folder) => folder is null || Directory.Exists(folder)
        ? folder is null ? null : Path.GetFullPath(folder)
        : throw new SandboxException($"folder {folder} does not exist");

    /// <summary>Unpacks a zip with mode bits and symbolic links. An entry without a Unix mode is not executable, as on Lambda.</summary>
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
            Link(path, reader.ReadToEnd());
            return;
        }

        entry.ExtractToFile(path, overwrite: true);
        var mode = (UnixFileMode)attributes & Permissions;
        File.SetUnixFileMode(path, mode != 0 ? mode : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
