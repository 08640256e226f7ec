namespace LambdaSandbox.Tests.Processes;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class EmulatorTests
{
    [Fact]
    public async Task Emulator_Binary_IsRunByIt()
    {
        // env prints its own variables, including those of the emulator that started it.
        var lines = await OutputOfAsync(folder => File.Copy("/usr/bin/env", Path.Combine(folder, "bootstrap")));

        Assert.Contains("EMULATED=yes", lines);
    }

    [Fact]
    public async Task Emulator_Script_RunsOnTheHost()
    {
        var lines = await OutputOfAsync(folder =>
        {
            var bootstrap = Path.Combine(folder, "bootstrap");
            File.WriteAllText(bootstrap, "#!/bin/sh\necho \"emulated: $EMULATED\"\n");
            File.SetUnixFileMode(bootstrap, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        });

        Assert.Equal(["emulated: "], lines);
    }

    private static async Task<IReadOnlyList<string>> OutputOfAsync(Action<string> fill)
    {
        var folder = Directory.CreateTempSubdirectory("emulator-").FullName;
        try
        {
            fill(folder);
            await using var sandbox = await Sandbox.StartAsync(
                new SandboxOptions { FunctionDirectory = folder, Emulator = ["/usr/bin/env", "EMULATED=yes"] }, TestContext.Current.CancellationToken);
            return [.. sandbox.FunctionOutput.Where(line => line.StartsWith("emulated: ", StringComparison.Ordinal) || line.StartsWith("EMULATED=", StringComparison.Ordinal))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
