namespace TelemetryExtension.Outbox;

/// <summary>
/// The spool's directory on the disk. Each file is written under a temporary name and renamed when it is complete, so a process that was killed leaves no
/// partial file under a valid name. One process at a time owns the directory, which the function may delete at any time.
/// </summary>
internal sealed class DiskSpoolFiles(string directory) : ISpoolFiles
{
    private readonly string _lock = Path.Combine(directory, "lock");
    private FileStream? _ownership;
    private bool _wasEmptied;

    public string Directory => directory;

    public bool Acquire()
    {
        if (_ownership is not null && File.Exists(_lock))
            return false;
        // The flag stays set until the directory exists again, which may take several attempts.
        _wasEmptied |= _ownership is not null;
        _ownership?.Dispose();
        _ownership = null;
        System.IO.Directory.CreateDirectory(directory);
        // This is an advisory lock, so it ends with the process in every case.
        _ownership = new(_lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var wasEmptied = _wasEmptied;
        _wasEmptied = false;
        return wasEmptied;
    }

    public IReadOnlyList<string> List() =>
        System.IO.Directory.Exists(directory) ? Array.ConvertAll(System.IO.Directory.GetFiles(directory), static path => Path.GetFileName(path)) : [];

    public void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content)
    {
        var partial = PathOf(name + Spool.Partial);
        try
        {
            // Do not copy: files are written when memory is short.
            using (var file = File.OpenHandle(partial, FileMode.Create, FileAccess.Write))
                RandomAccess.Write(file, content, 0);
            File.Move(partial, PathOf(name));
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    public byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    public (int Read, long Length) ReadBeginning(string name, Span<byte> buffer)
    {
        using var file = File.OpenHandle(PathOf(name));
        return (RandomAccess.Read(file, buffer, 0), RandomAccess.GetLength(file));
    }

    public bool Exists(string name) => File.Exists(PathOf(name));

    public void Delete(string name) => File.Delete(PathOf(name));

    public void Dispose() => _ownership?.Dispose();

    private string PathOf(string name) => Path.Combine(directory, name);

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next generation finds the file and deletes it.
        }
    }
}
