using System.Runtime.InteropServices;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>Runs the command in its own process: console, environment variables and signals.</summary>
internal static class ReplayProcess
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        StandardOutput.OfProcess.Release();
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var variables = Variables.OfEnvironment(new());
        var environment = new ReplayEnvironment(
            Console.Out, Console.Error, !Console.IsErrorRedirected, Console.OpenStandardInput,
            target => ReplayDestination.Create(target, variables, TimeProvider.System, Console.Error), AwsOptions.From(variables), TimeProvider.System);
        return await ReplayCommand.RunAsync(arguments, environment, stopping.Token).ConfigureAwait(false);

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }
}
