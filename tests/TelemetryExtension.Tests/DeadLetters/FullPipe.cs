using System.Text;

namespace TelemetryExtension.Tests.DeadLetters;

/// <summary>A stdout that nobody reads: every write hangs until this is disposed of.</summary>
internal sealed class FullPipe : TextWriter
{
    private readonly ManualResetEventSlim _read = new();
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody hangs.</summary>
    public Task Full => _full.Task;

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        _full.TrySetResult();
        _read.Wait();
    }

    public override void WriteLine(string? value) => Write(' ');

    protected override void Dispose(bool disposing)
    {
        _read.Set();
        base.Dispose(disposing);
    }
}
