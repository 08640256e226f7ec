using Simulation;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox.Model;

/// <summary>What one process sees of a disk that outlives it. The process may be killed in the middle of a write, and the disk may be full.</summary>
internal sealed class ProcessFiles(MemoryFiles disk) : ISpoolFiles
{
    public string Directory => disk.Directory;

    public bool IsFull { get; set; }

    /// <summary>After it no call of this process changes the disk.</summary>
    public bool IsKilled { get; set; }

    /// <summary>Runs when half of a file is written: whatever else the process does meanwhile.</summary>
    public Action Midway { get; set; } = static () => { };

    public bool Acquire() => Alive().Acquire();

    public IReadOnlyList<string> List() => Alive().List();

    public void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content)
    {
        var partial = name + Spool.Partial;
        Alive().Write(partial, [content[0]]);
        Midway();
        if (IsFull)
        {
            Alive().Delete(partial);
            throw new IOException("no space left on device");
        }

        if (!Alive().Exists(partial))
            throw new FileNotFoundException();
        disk.Delete(partial);
        disk.Write(name, content);
    }

    public byte[] Read(string name) => Alive().Read(name);

    public (int Read, long Length) ReadBeginning(string name, Span<byte> buffer) => Alive().ReadBeginning(name, buffer);

    public bool Exists(string name) => Alive().Exists(name);

    public void Delete(string name) => Alive().Delete(name);

    public void Dispose() => disk.Dispose();

    private MemoryFiles Alive() => IsKilled ? throw new IOException("the process was killed") : disk;
}
