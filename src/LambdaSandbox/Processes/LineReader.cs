using System.IO.Pipes;
using System.Text;

namespace LambdaSandbox.Processes;

/// <summary>Reads a child's output line by line on its own thread.</summary>
/// <remarks>
/// <see cref="Drain"/> delivers on the caller's thread what the child has written so far. So its lines precede the event that its next HTTP request causes.
/// </remarks>
internal sealed class LineReader
{
    private readonly Lock sync = new();
    private readonly AnonymousPipeClientStream pipe;
    private readonly int fd;
    private readonly Action<string> onLine;
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly List<byte> partial = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool closed;

    public LineReader(Stream stream, Action<string> onLine)
    {
        pipe = (AnonymousPipeClientStream)stream;
        fd = (int)pipe.SafePipeHandle.DangerousGetHandle();
        this.onLine = onLine;
        new Thread(Run) { IsBackground = true, Name = "sandbox output" }.Start();
    }

    /// <summary>Completes when all writers have closed the pipe and every line was delivered.</summary>
    public Task Ended => ended.Task;

    public void Drain()
    {
        lock (sync)
        {
            while (!closed && Native.BytesReadable(fd) > 0)
                ReadOnce();
        }
    }

    private void Run()
    {
        while (true)
        {
            Native.WaitReadable(fd);
            lock (sync)
            {
                if (Native.BytesReadable(fd) > 0)
                {
                    ReadOnce();
                }
                else if (Native.HasHungUp(fd))
                {
                    closed = true;
                    HandOver();
                    pipe.Dispose();
                    ended.SetResult();
                    return;
                }
            }
        }
    }

    private void ReadOnce()
    {
        var read = pipe.Read(buffer);
        foreach (var value in buffer.AsSpan(0, read))
        {
            if (value == (byte)'\n')
                HandOver(evenEmpty: true);
            else
                partial.Add(value);
        }
    }

    private void HandOver(bool evenEmpty = false)
    {
        if (partial.Count == 0 && !evenEmpty)
            return;
        var line = Encoding.UTF8.GetString([.. partial]);
        partial.Clear();
        onLine(line);
    }
}
