using TelemetryExtension.Outbox;

namespace Simulation;

/// <summary>The spool's directory in memory. It outlives the outbox that uses it, as /tmp outlives a reset.</summary>
internal sealed class MemoryFiles : ISpoolFiles
{
    private const string Lock = "lock";

    private readonly Lock _gate = new();

    public string Directory => "memory";

    public SortedDictionary<string, byte[]> Content { get; } = new(StringComparer.Ordinal);

    /// <summary>Called before each change of a file. May throw like a disk.</summary>
    public Action<string, IReadOnlyList<ReadOnlyMemory<byte>>>? BeforeWrite { get; set; }

    private bool _isOwned;

    public bool Acquire()
    {
        lock (_gate)
        {
            var wasEmptied = _isOwned && !Content.ContainsKey(Lock);
            _isOwned = true;
            Content[Lock] = [];
            return wasEmptied;
        }
    }

    public IReadOnlyList<string> List()
    {
        lock (_gate)
            return [.. Content.Keys];
    }

    public void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content)
    {
        lock (_gate)
        {
            BeforeWrite?.Invoke(name, content);
            Content[name] = [.. content.SelectMany(static piece => piece.ToArray())];
        }
    }

    public byte[] Read(string name)
    {
        lock (_gate)
            return Content.TryGetValue(name, out var content) ? content : throw new FileNotFoundException();
    }

    public (int Read, long Length) ReadBeginning(string name, Span<byte> buffer)
    {
        var content = Read(name);
        var read = Math.Min(content.Length, buffer.Length);
        content.AsSpan(0, read).CopyTo(buffer);
        return (read, content.Length);
    }

    public bool Exists(string name)
    {
        lock (_gate)
            return Content.ContainsKey(name);
    }

    public void Delete(string name)
    {
        lock (_gate)
            Content.Remove(name);
    }

    /// <summary>Simulates the end of the process. The files stay.</summary>
    public void Dispose() => _isOwned = false;
}
