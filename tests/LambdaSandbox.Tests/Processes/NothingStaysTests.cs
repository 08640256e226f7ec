using System.Diagnostics;
using LambdaSandbox.Processes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Processes;

/// <summary>However a sandbox ends, and whatever is killed before: no process, folder, mount or control group is left.</summary>
public sealed class NothingStaysTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly Lazy<bool> HasControlGroups = new(() =>
    {
        try
        {
            using var group = ControlGroup.Create(new SandboxOptions { Freeze = FreezeMode.Cgroup, LimitMemory = true });
            return true;
        }
        catch (SandboxException)
        {
            return false;
        }
    });

    private readonly Packages packages = new();
    private readonly string folder = Directory.CreateTempSubdirectory("nothing-stays-").FullName;
    private readonly string mark = $"NOTHING_STAYS={Guid.NewGuid():N}";
    private Process? started;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (started is { HasExited: false })
            started.Kill();
        packages.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("lambda-sandbox.dll", "KILL")]
    [InlineData("lambda-sandbox.dll", "INT")]
    [InlineData("lambda-sandbox.dll", "TERM")]
    [InlineData("lambda-sandbox.dll", "HUP")]
    [InlineData("addresses=", "KILL")]
    [InlineData("stage=$1", "KILL")]
    [InlineData("extensions/py-ext", "KILL")]
    [InlineData("bootstrap", "KILL")]
    public async Task KilledWhileFrozen_NothingStays(string whom, string signal) => await CheckAsync("daemon", whom, signal, "KILL");

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("lambda-sandbox.dll", "KILL")]
    [InlineData("lambda-sandbox.dll", "INT")]
    [InlineData("addresses=", "KILL")]
    [InlineData("stage=$1", "KILL")]
    [InlineData("extensions/py-ext", "KILL")]
    [InlineData("bootstrap", "KILL")]
    public async Task KilledWhileItRuns_NothingStays(string whom, string signal) => await CheckAsync("sleep", whom, signal, "INT");

    [Fact]
    public async Task EndsByItself_NotEvenADaemonStays()
    {
        var process = Start("daemon", "1ms");
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
        await AssertNothingAsync([]);
    }

    [Fact]
    public async Task InitFails_NothingStays()
    {
        var process = Start("daemon", "1ms", "--command", "false");
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(1, process.ExitCode);
        await AssertNothingAsync([]);
    }

    /// <param name="work">What the function does in the first invocation; a "sleep" is still under way when the signal comes.</param>
    /// <param name="whom">What its command line contains.</param>
    /// <param name="end">The signal that ends the sandbox afterwards, where it lives.</param>
    private async Task CheckAsync(string work, string whom, string signal, string end)
    {
        var process = Start(work, "60s");
        await UntilAsync(() => Marked().Any(pid => CommandLine(pid).Contains("bootstrap", StringComparison.Ordinal)), "the function runs");

        // The guardian and the holder of the mounts are there before; the first invocation needs a moment.
        await UntilAsync(() => work == "sleep" || Marked().Count(pid => CommandLine(pid).Contains("bootstrap", StringComparison.Ordinal)) >= 2, "its daemon runs");
        await Task.Delay(500, Cancellation);
        if (whom == "stage=$1" && MountNamespace.Unavailable is { } reason)
            Assert.Skip(reason);
        var groups = Marked().SelectMany(ControlGroups).Distinct().ToList();
        var victims = Marked().Where(pid => CommandLine(pid).Contains(whom, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(victims);
        foreach (var victim in victims)
            await KillAsync(victim, signal);
        if (whom != "lambda-sandbox.dll")
        {
            await Task.Delay(300, Cancellation);
            await KillAsync(process.Id, end);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        await process.WaitForExitAsync(patience.Token);
        await AssertNothingAsync(groups);
    }

    private Process Start(string work, string pause, params string[] more)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll"), "run", "--layer", packages.Layer, "--function", packages.Function, "--quiet",
                "--invoke", $"{{\"do\":\"{work}\"}}", "--invoke", "{}", "--pause", pause, "--timeout", "30s", "--env", $"PATH={Packages.Path["PATH"]}", "--env", mark,
                .. HasControlGroups.Value ? ["--freeze", "cgroup", "--limit-memory"] : Array.Empty<string>(), .. more,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The sandbox's own helpers inherit these; all that it makes in a folder for temporary files is in this one.
        start.Environment[mark.Split('=')[0]] = mark.Split('=')[1];
        start.Environment["TMPDIR"] = folder;
        var process = started = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task AssertNothingAsync(IReadOnlyList<string> controlGroups)
    {
        await UntilAsync(() => Marked().Count == 0, () => $"no process is left: {string.Join("; ", Marked().Select(CommandLine))}");
        await UntilAsync(() => Ours().Count == 0, () => $"no folder is left: {string.Join(' ', Ours())}");
        await UntilAsync(() => controlGroups.All(group => !Directory.Exists(group)), () => $"no control group is left: {string.Join(' ', controlGroups)}");
        Assert.DoesNotContain(folder, await File.ReadAllTextAsync("/proc/self/mountinfo", Cancellation), StringComparison.Ordinal);
    }

    private List<string> Ours() => [.. Directory.GetDirectories(folder, "lambda-sandbox-*")];

    private List<int> Marked() =>
    [
        .. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!))
            .Where(pid => ProcFs.State(pid) is not (null or 'Z') && Read($"/proc/{pid}/environ").Contains(mark, StringComparison.Ordinal)),
    ];

    private static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline").Replace('\0', ' ');

    private static IEnumerable<string> ControlGroups(int pid) => Read($"/proc/{pid}/cgroup").Split('\n').Where(line => line.Contains("lambda-sandbox-", StringComparison.Ordinal))
        .SelectMany(line => Directory.Exists("/sys/fs/cgroup") ? Directory.GetDirectories("/sys/fs/cgroup", Path.GetFileName(line), SearchOption.AllDirectories) : []);

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task KillAsync(int pid, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{pid}"]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(condition, () => what);

    private static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, $"not in time: {what()}");
            await Task.Delay(50, Cancellation);
        }
    }
}
