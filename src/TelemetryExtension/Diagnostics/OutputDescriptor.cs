using System.Runtime.InteropServices;

namespace TelemetryExtension.Diagnostics;

/// <param name="Written">0 while the reader is too slow.</param>
/// <param name="Error">errno, or 0.</param>
internal readonly record struct DescriptorWrite(int Written, int Error);

/// <summary>
/// Writes to a file descriptor without blocking. The descriptor stays in blocking mode, because other processes may share it. Not thread-safe.
/// </summary>
internal sealed partial class OutputDescriptor(int descriptor)
{
    /// <summary>PIPE_BUF: a pipe that polls as writable takes this many bytes at once.</summary>
    public const int AtomicBytes = 4096;

    private const int WriteOnlyNonBlocking = 0x1 | 0x800 | 0x80000;
    private const int ReadWrite = 0x2;
    private const int GetFlags = 1;
    private const int GetPipeSize = 1032;
    private const int SendDontWaitNoSignal = 0x40 | 0x4000;
    private const short PollOut = 4;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int NotASocket = 88;
    private const int BrokenPipe = 13;

    private Kind _kind;

    /// <summary>0 means the descriptor itself.</summary>
    private int _ownPipe;

    private int Target => _ownPipe == 0 ? descriptor : _ownPipe;

    private enum Kind : byte
    {
        Unknown,
        Socket,

        /// <summary>A pipe that this class has opened again in non-blocking mode.</summary>
        OwnPipe,

        /// <summary>Anything else. Poll decides before each write.</summary>
        Polled,
    }

    /// <summary>Ignores SIGPIPE, which would end the process when its output has no reader any more.</summary>
    public static void IgnoreBrokenPipes() => Signal(BrokenPipe, 1);

    /// <summary>
    /// Opens /dev/null for standard streams that were closed when the process started. Otherwise a new socket would get one of their numbers, and the
    /// log would be written into it.
    /// </summary>
    public static void ReserveStandardStreams()
    {
        for (var standard = 0; standard <= 2; standard++)
            if (Control(standard, GetFlags, 0) < 0)
                _ = Open("/dev/null", ReadWrite);
    }

    /// <summary>Writes as much as fits now.</summary>
    public DescriptorWrite TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_kind == Kind.Unknown)
            _kind = Find();
        if (_kind == Kind.Polled)
        {
            if (!IsWritable(0))
                return default;
            bytes = bytes[..Math.Min(bytes.Length, AtomicBytes)];
        }

        while (true)
        {
            var written = _kind == Kind.Socket ? Send(Target, bytes, bytes.Length, SendDontWaitNoSignal) : Write(Target, bytes, bytes.Length);
            if (written >= 0)
                return new((int)written, 0);
            var error = Marshal.GetLastPInvokeError();
            if (error == WouldBlock)
                return default;
            if (error != Interrupted)
                return new(0, error);
        }
    }

    /// <summary>Blocks the calling thread until the descriptor accepts bytes, fails, or the limit has passed.</summary>
    public bool IsWritable(int limitMilliseconds)
    {
        var poll = new PollDescriptor { Descriptor = Target, Events = PollOut };
        // Errors and closed descriptors poll as writable. The write then reports which it is.
        return Poll(ref poll, 1, limitMilliseconds) > 0;
    }

    private Kind Find()
    {
        if (Control(descriptor, GetPipeSize, 0) > 0)
        {
            // The new descriptor has its own mode. Changing the shared description would affect every process that writes to the pipe.
            var own = Open($"/proc/self/fd/{descriptor}", WriteOnlyNonBlocking);
            if (own < 0)
                return Kind.Polled;
            _ownPipe = own;
            return Kind.OwnPipe;
        }

        return Send(descriptor, [], 0, SendDontWaitNoSignal) < 0 && Marshal.GetLastPInvokeError() == NotASocket ? Kind.Polled : Kind.Socket;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int descriptor, ReadOnlySpan<byte> bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptor, ulong count, int timeout);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint handler);
}
