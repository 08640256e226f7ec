using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Native;

internal static class LoopThread
{
    /// <summary>Runs the loop on a thread of its own, as the main thread of the extension does. It ends with the loop.</summary>
    public static void Start(this PollLoop loop)
    {
        loop.Open();
        new Thread(loop.Run) { IsBackground = true }.Start();
    }
}
