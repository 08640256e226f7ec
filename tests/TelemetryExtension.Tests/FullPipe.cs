using System.Text;

namespace TelemetryExtension.Tests;

/// <summary>A stdout without a reader: every write blocks until <see cref="Read"/> or until disposal.</summary>
internal sealed class FullPipe : TextWriter
{
    private readonly ManualResetEventSlim _read = new();
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a writer blocks.</summary>
    public Task Full => _full.Task;

    /// <summary>Lines written since the first read.</summary>
    public int Lines { get; private set; }

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Unblocks the writers.</summary>
    public void Read() => _read.Set();

    public override void Write(char value)
    {
        _full.TrySetResult();
        _read.Wait();
    }

    public override void WriteLine(string? value)
    {
        Write(' ');
        Lines++;
    }

    protected override void Dispose(bool disposing)
    {
        _read.Set();
        base.Dispose(disposing);
    }
}
