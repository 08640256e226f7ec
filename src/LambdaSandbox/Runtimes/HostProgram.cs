using System.Diagnostics;

namespace LambdaSandbox.Runtimes;

/// <param name="LastWords">The last line on stderr, or else on stdout.</param>
internal sealed record ProgramResult(int ExitCode, string Output, string LastWords);

/// <summary>Runs a host program to its end.</summary>
internal static class HostProgram
{
    /// <exception cref="SandboxException">It did not end in time.</exception>
    public static ProgramResult Run(string path, IEnumerable<string> arguments, TimeSpan limit)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new SandboxException($"{path} did not end within {limit.TotalSeconds} s");
        }

        var words = error.Result.Trim().Length > 0 ? error.Result : output.Result;
        return new ProgramResult(process.ExitCode, output.Result, words.Trim().Split('\n')[^1].Trim());
    }
}
