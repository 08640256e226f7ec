using System.Runtime.InteropServices;

namespace LambdaSandbox.CommandLine;

/// <summary>Runs a command that Ctrl-C and SIGTERM end in order, after every process it started.</summary>
internal static class Interruptible
{
    /// <returns>The command's exit code, 2 when the sandbox cannot work, or 130 when interrupted.</returns>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> command, CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await command(stopping.Token);
        }
        catch (SandboxException e)
        {
            await Console.Error.WriteLineAsync($"lambda-sandbox: {e.Message}");
            return 2;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("lambda-sandbox: interrupted; all processes were ended");
            return 130;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }
}
