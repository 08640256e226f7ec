using System.Diagnostics;

namespace LambdaSandbox.Tests.Processes;

/// <summary>The sandbox without root.</summary>
public sealed class WithoutRootTests : IDisposable
{
    private const string Nobody = "65534";
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-nobody-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_HasLambdasPaths_WhereUserNamespacesAreAllowed()
    {
        Prepare();
        var (exitCode, output, errors) = await RunAsync("--command", "/bin/sh", "-c", "pwd; touch /var/task/x; exit 3", "--fail-on", "none");
        Assert.True(exitCode == 0, output + errors);
        if (output.Contains("note: no private mounts: ", StringComparison.Ordinal))
            Assert.Skip("a mount namespace needs root: " + output);
        Assert.Contains("| /var/task\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.Contains("Runtime exited with error: exit status 3", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_AreRefusedInOneLine()
    {
        Prepare();
        var (exitCode, output, errors) = await RunAsync("--command", "/bin/true", "--limit-memory");
        Assert.True(exitCode == 2, output + errors);
        Assert.StartsWith("lambda-sandbox: control groups (cgroup) are not usable here", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>Copies the build, because only its owner may be able to read it.</summary>
    private void Prepare()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/setpriv"))
            Assert.Skip("a mount namespace needs root, here to become somebody without it");
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "/usr/bin/setpriv", ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", "dotnet", Path.Combine(folder, "lambda-sandbox.dll"), "run", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["HOME"] = "/tmp";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
