using Simulation;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox;

/// <summary>Files in memory on a simulated disk that a test can block. No call returns meanwhile.</summary>
internal sealed class HangingFiles : ISpoolFiles
{
    private readonly MemoryFiles _files = new();
    private readonly ManualResetEventSlim _works = new(initialState: true);
    private TaskCompletionSource _reached = new();

    public string Directory => _files.Directory;

    public int Count => _files.Content.Count;

    /// <summary>Completes when a call hangs.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Runs work on files synchronously, or in the background as in the extension while the disk hangs.</summary>
    public void Start(Action work)
    {
        if (_works.IsSet)
            work();
        else
            _ = Task.Run(work);
    }

    public void Hang()
    {
        _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _works.Reset();
    }

    public void GoOn() => _works.Set();

    public bool Acquire() => OnDisk().Acquire();

    public IReadOnlyList<string> List() => OnDisk().List();

    public void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content) => OnDisk().Write(name, content);

    public byte[] Read(string name) => OnDisk().Read(name);

    public (int Read, long Length) ReadBeginning(string name, Span<byte> buffer) => OnDisk().ReadBeginning(name, buffer);

    public bool Exists(string name) => OnDisk().Exists(name);

    public void Delete(string name) => OnDisk().Delete(name);

    public void Dispose() => GoOn();

    private MemoryFiles OnDisk()
    {
        if (!_works.IsSet)
            _reached.TrySetResult();
        _works.Wait();
        return _files;
    }
}
