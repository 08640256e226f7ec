using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>Makes a thread give way to every other one. .NET's own thread priorities have no effect on Linux.</summary>
internal static partial class LowestPriority
{
    private const int Process = 0;
    private const int ThisThread = 0;
    private const int Nicest = 19;

    /// <summary>For good: raising it again needs a privilege.</summary>
    public static void Take() => _ = SetPriority(Process, ThisThread, Nicest);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
