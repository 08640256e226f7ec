using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>Gives a thread the lowest priority, so that all others run before it. .NET's own thread priorities have no effect on Linux.</summary>
internal static partial class LowestPriority
{
    private const int Process = 0;
    private const int ThisThread = 0;
    private const int Nicest = 19;

    /// <summary>Applies to the calling thread until it ends, because a thread needs a privilege to raise its priority again.</summary>
    public static void Take() => _ = SetPriority(Process, ThisThread, Nicest);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
