using System.Runtime.InteropServices;

namespace LambdaSandbox.Processes;

/// <summary>The few system calls that .NET does not expose. The numbers are Linux's, the same on x86-64 and arm64.</summary>
internal static class Native
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private const short PollIn = 1;
    private const nuint FionRead = 0x541B;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    /// <summary>Signals a whole process group. A group that is gone already is not an error.</summary>
    public static void SignalGroup(int group, int signal)
    {
        if (group > 1)
            _ = Kill(-group, signal);
    }

    public static void Signal(int pid, int signal)
    {
        if (pid > 1)
            _ = Kill(pid, signal);
    }

    /// <summary>Blocks until the descriptor can be read without blocking, or was closed at the other end.</summary>
    public static void WaitReadable(int fd)
    {
        var item = new PollFd { Fd = fd, Events = PollIn };
        _ = Poll(ref item, 1, -1);
    }

    public static bool HasHungUp(int fd)
    {
        var item = new PollFd { Fd = fd, Events = PollIn };
        return Poll(ref item, 1, 0) > 0 && BytesReadable(fd) == 0;
    }

    public static int BytesReadable(int fd) => Ioctl(fd, FionRead, out var count) == 0 ? count : 0;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);

    [DllImport("libc", EntryPoint = "poll")]
    private static extern int Poll(ref PollFd items, nuint count, int timeout);

    [DllImport("libc", EntryPoint = "ioctl")]
    private static extern int Ioctl(int fd, nuint request, out int value);
}
