using System.Text;

namespace TelemetryExtension.Diagnostics;

/// <summary>
/// The standard output of this process, which Lambda ships to the function's log group. <see cref="Post"/> never blocks and never throws;
/// <see cref="WriteLine"/> waits for a slow reader. Lines never mix. Thread-safe.
/// </summary>
internal sealed class StandardOutput(OutputDescriptor descriptor)
{
    /// <summary>The limit for posted lines that wait for the reader. Further lines are dropped and counted.</summary>
    public const int MaxWaitingBytes = 64 * 1024;

    /// <summary>The limit of one posted line: a pipe takes it completely or not at all.</summary>
    public const int MaxLineBytes = OutputDescriptor.AtomicBytes;

    private const int PollMilliseconds = 50;

    /// <summary><see cref="WriteLine"/> holds it for as long as it waits.</summary>
    private readonly Lock _lines = new();

    /// <summary>Held only briefly.</summary>
    private readonly Lock _gate = new();

    private readonly Queue<byte[]> _waiting = new();
    private int _waitingBytes;
    private int _sentOfFirst;
    private int _lost;
    private bool _isHeld = true;
    private bool _isMidLine;
    private bool _isCut;

    public static StandardOutput OfProcess { get; } = new(new(1));

    /// <summary>Queues one line and writes as much of the queue as the reader accepts now. The rest follows with a later line.</summary>
    public void Post(string line)
    {
        var bytes = Encode(line, MaxLineBytes);
        lock (_gate)
        {
            if (_waitingBytes + bytes.Length > MaxWaitingBytes)
            {
                _lost++;
                return;
            }

            _waiting.Enqueue(bytes);
            _waitingBytes += bytes.Length;
            if (!_isHeld)
                Pump();
        }
    }

    /// <summary>Lets posted lines out. They wait for this call, because nothing is written before the first Next.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _isHeld = false;
            Pump();
        }
    }

    /// <summary>Writes posted lines that still wait. Blocks up to the limit. True when none is left.</summary>
    public bool Flush(TimeSpan limit)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        Release();
        while (true)
        {
            lock (_gate)
                if (Pump())
                    return true;
            var left = until - Environment.TickCount64;
            if (left <= 0)
                return false;
            Wait((int)Math.Min(left, PollMilliseconds));
        }
    }

    /// <summary>Writes one line of any length. Blocks until the reader has taken it.</summary>
    /// <exception cref="IOException">The descriptor failed; HResult is errno.</exception>
    public void WriteLine(string line)
    {
        var bytes = Encode(line, int.MaxValue);
        lock (_lines)
            for (var sent = 0; sent < bytes.Length;)
                if (WritePart(bytes.AsSpan(sent)) is > 0 and var count)
                    sent += count;
                else
                    Wait(PollMilliseconds);
    }

    private int WritePart(ReadOnlySpan<byte> rest)
    {
        lock (_gate)
        {
            if (!_isMidLine && !Pump())
                return 0;
            var (written, error) = descriptor.TryWrite(rest);
            if (error != 0)
            {
                (_isCut, _isMidLine) = (_isMidLine, false);
                throw new IOException("standard output failed", error);
            }

            _isMidLine = (_isMidLine || written > 0) && written < rest.Length;
            if (!_isMidLine)
                Pump();
            return written;
        }
    }

    /// <summary>False while posted lines must wait. A line that the descriptor refuses is dropped.</summary>
    private bool Pump()
    {
        if (_isMidLine)
            return _waiting.Count == 0;
        if (_isCut && descriptor.TryWrite("\n"u8) is var newline)
            _isCut = newline is { Written: 0, Error: 0 };
        while (!_isCut && _waiting.TryPeek(out var line))
        {
            var (written, error) = descriptor.TryWrite(line.AsSpan(_sentOfFirst));
            if (written == 0 && error == 0)
                return false;
            _sentOfFirst += written;
            if (error == 0 && _sentOfFirst < line.Length)
                continue;
            _isCut = error != 0 && _sentOfFirst > 0;
            _lost += error != 0 ? 1 : 0;
            _sentOfFirst = 0;
            _waitingBytes -= line.Length;
            _waiting.Dequeue();
            if (error == 0)
                ReportLost();
        }

        return !_isCut;
    }

    /// <summary>Queues the number of dropped lines once lines get through again.</summary>
    private void ReportLost()
    {
        if (_lost == 0 || _waiting.Count > 0)
            return;
        var note = Encode($"[telemetry-extension] WARN standard output did not take {_lost} lines of this log", MaxLineBytes);
        _lost = 0;
        _waiting.Enqueue(note);
        _waitingBytes += note.Length;
    }

    /// <summary>Waits without spinning: a failing descriptor polls as writable.</summary>
    private void Wait(int milliseconds)
    {
        if (descriptor.IsWritable(milliseconds))
            Thread.Yield();
    }

    private static byte[] Encode(string line, int limit)
    {
        // One line must be one event of the log group, whatever a backend put into its response.
        if (line.AsSpan().ContainsAnyInRange('\0', '\x1f'))
            line = string.Create(line.Length, line, static (to, from) =>
            {
                for (var i = 0; i < to.Length; i++)
                    to[i] = from[i] is < ' ' and not '\t' ? ' ' : from[i];
            });
        var bytes = new byte[Encoding.UTF8.GetByteCount(line) + 1];
        Encoding.UTF8.GetBytes(line, bytes);
        if (bytes.Length > limit)
        {
            var end = limit - 1;
            while (end > 0 && (bytes[end] & 0xC0) == 0x80)
                end--;
            bytes = bytes[..(end + 1)];
        }

        bytes[^1] = (byte)'\n';
        return bytes;
    }
}
