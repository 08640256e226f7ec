using System.Collections.Concurrent;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Preflight;

/// <summary>Runs the command in its own process: console and environment variables.</summary>
internal static class CheckProcess
{
    public static Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        StandardOutput.OfProcess.Release();
        var logged = new ConcurrentQueue<string>();
        Log.Output = logged.Enqueue;
        var environment = new CheckEnvironment(
            Environment.GetEnvironmentVariable, Environment.GetEnvironmentVariables().Keys.Cast<string>(), Console.Out, Console.Error, logged);
        return CheckCommand.RunAsync(arguments, environment, TimeProvider.System, CancellationToken.None);
    }
}
