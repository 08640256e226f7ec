using System.Buffers.Text;
using TelemetryExtension.Native;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>
/// Reads /proc and /tmp. Everything is optional: a value that is missing, unreadable or of an unknown form is null, never an exception. CPU and
/// network cost two small reads. Processes cost two calls each, so they are read only on request.
/// </summary>
/// <param name="root">The folder that contains proc and tmp. Tests use another one.</param>
internal sealed class EnvironmentReader(string root = "/") : IDisposable
{
    // USER_HZ, the unit of /proc: 100 on every Linux that Lambda uses, whatever the kernel's own clock.
    private const double TicksPerSecond = 100;
    private readonly KeptFile _stat = new(Path.Combine(root, "proc/stat"));
    private readonly KeptFile _net = new(Path.Combine(root, "proc/net/dev"));
    private readonly string _proc = Path.Combine(root, "proc");
    private readonly string _tmp = Path.Combine(root, "tmp");
    private readonly byte[] _buffer = new byte[4096];
    private bool? _isProc;

    /// <summary>CPU and network only, for the start of an invocation.</summary>
    public EnvironmentSample ReadStart()
    {
        var (received, sent) = Network();
        return new(Cpu(), received, sent, null, null, null);
    }

    public EnvironmentSample Read()
    {
        var (descriptors, threads) = Processes();
        return ReadStart() with { TmpUsedBytes = TmpUsed(), FileDescriptors = descriptors, Threads = threads };
    }

    public void Dispose()
    {
        _stat.Dispose();
        _net.Dispose();
    }

    /// <summary>First line: <c>cpu user nice system idle iowait irq softirq steal ...</c> (proc(5)).</summary>
    private double? Cpu()
    {
        var text = _stat.Read(_buffer);
        if (!text.StartsWith("cpu "u8))
            return null;
        text = text[4..];
        long busy = 0;
        for (var column = 0; column < 7; column++)
        {
            if (!TryReadNumber(ref text, out var ticks))
                return null;
            if (column is not (3 or 4))
                busy += ticks;
        }

        return busy / TicksPerSecond;
    }

    /// <summary>Two header lines, then <c>name: received-bytes and 7 more, sent-bytes and 7 more</c> (proc(5)).</summary>
    private (long? Received, long? Sent) Network()
    {
        long? received = null, sent = null;
        var text = _net.Read(_buffer);
        while (!text.IsEmpty)
        {
            var newline = text.IndexOf((byte)'\n');
            var line = newline < 0 ? text : text[..newline];
            text = newline < 0 ? [] : text[(newline + 1)..];
            var colon = line.IndexOf((byte)':');
            if (colon < 0 || line[..colon].TrimStart((byte)' ').SequenceEqual("lo"u8))
                continue;
            line = line[(colon + 1)..];
            for (var column = 0; column < 9 && TryReadNumber(ref line, out var value); column++)
            {
                if (column == 0)
                    received = (received ?? 0) + value;
                else if (column == 8)
                    sent = (sent ?? 0) + value;
            }
        }

        return (received, sent);
    }

    private long? TmpUsed()
    {
        try
        {
            var drive = new DriveInfo(_tmp);
            return drive.TotalSize - drive.TotalFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private (long? Descriptors, long? Threads) Processes()
    {
        long? descriptors = null, threads = null;
        try
        {
            foreach (var process in Directory.EnumerateDirectories(_proc))
            {
                if (!char.IsAsciiDigit(Path.GetFileName(process.AsSpan())[0]))
                    continue;
                if (Descriptors(Path.Combine(process, "fd")) is { } open)
                    descriptors = (descriptors ?? 0) + open;
                if (Threads(Path.Combine(process, "task")) is { } tasks)
                    threads = (threads ?? 0) + tasks;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Keep the count so far.
        }

        return (descriptors, threads);
    }

    /// <summary>From Linux 6.2 on the directory's size is the number; older kernels report 0. A large function has thousands.</summary>
    private long? Descriptors(string directory) =>
        IsProc && FileStatus.Of(directory) is { Size: > 0 and var size } ? size : DirectoryEntries.Count(directory);

    /// <summary>Each thread is a directory, which adds a link to its parent.</summary>
    private long? Threads(string directory) =>
        IsProc && FileStatus.Of(directory) is { Links: > 2 and var links } ? links - 2 : DirectoryEntries.Count(directory);

    private bool IsProc => _isProc ??= FileStatus.IsProc(_proc);

    private static bool TryReadNumber(ref ReadOnlySpan<byte> text, out long value)
    {
        text = text.TrimStart((byte)' ');
        if (!Utf8Parser.TryParse(text, out value, out var consumed))
            return false;
        text = text[consumed..];
        return true;
    }
}
