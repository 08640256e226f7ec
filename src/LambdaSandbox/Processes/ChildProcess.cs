using System.Diagnostics;

namespace LambdaSandbox.Processes;

/// <summary>A program to start, with exactly this environment.</summary>
/// <param name="WorkingDirectory">The working directory as the process sees it.</param>
/// <param name="Enter">The command that enters the environment's mount namespace. Empty without one.</param>
internal sealed record Launch(
    string Name,
    IReadOnlyList<string> Command,
    string WorkingDirectory,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Enter,
    IEnumerable<string> CgroupProcsFiles);

/// <summary>A child process that leads its own session and process group. Everything that it starts is signalled and killed with it.</summary>
internal sealed class ChildProcess
{
    private readonly Process process;
    private readonly LineReader output;
    private readonly LineReader error;
    private readonly Lock sync = new();
    private long stoppedAt;
    private TimeSpan stoppedFor;
    private bool stopped;

    private ChildProcess(string name, Process process, Action<string> onLine)
    {
        Name = name;
        this.process = process;
        Pid = process.Id;
        output = new LineReader(process.StandardOutput.BaseStream, onLine);
        error = new LineReader(process.StandardError.BaseStream, onLine);
        Exited = WaitAsync();
    }

    public string Name { get; }

    public int Pid { get; }

    /// <summary>Completes with the exit code (128 + the signal that ended it) after the last line was delivered.</summary>
    public Task<int> Exited { get; }

    /// <summary>Whether the sandbox sent SIGKILL while the process ran.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>The total time for which it was stopped, counted only while the kernel reports it as stopped.</summary>
    public TimeSpan StoppedFor
    {
        get
        {
            lock (sync)
                return stopped ? stoppedFor + Stopwatch.GetElapsedTime(stoppedAt) : stoppedFor;
        }
    }

    public static ChildProcess Start(Launch launch, Action<string> onLine)
    {
        // setsid execs in place, because a child of .NET never leads a group. So the pid is that of the program and of its group.
        var info = new ProcessStartInfo(Tools.Setsid, Prologue(launch))
        {
            WorkingDirectory = launch.Enter.Count == 0 ? launch.WorkingDirectory : "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in launch.Environment)
            info.Environment[name] = value;

        var process = Process.Start(info) ?? throw new InvalidOperationException("setsid did not start");
        Guardian.Watch(process.Id);
        process.StandardInput.Close();
        return new ChildProcess(launch.Name, process, onLine);
    }

    public void DrainOutput()
    {
        output.Drain();
        error.Drain();
    }

    public void Signal(int signal)
    {
        if (Exited.IsCompleted)
            return;
        WasKilled |= signal == Native.SigKill && !process.HasExited;
        Native.SignalGroup(Pid, signal);
    }

    /// <summary>Stops the group with SIGSTOP; see <see cref="AwaitStopped"/>.</summary>
    public void Stop()
    {
        if (!Exited.IsCompleted)
            Native.SignalGroup(Pid, Native.SigStop);
    }

    /// <summary>Waits until the kernel reports the process as stopped, and counts it as stopped from then on.</summary>
    public void AwaitStopped()
    {
        if (Exited.IsCompleted)
            return;
        SpinWait.SpinUntil(() => ProcFs.State(Pid) is 'T' or 'Z' or null, TimeSpan.FromSeconds(1));
        NoteStopped(ProcFs.State(Pid) == 'T');
    }

    public void Continue()
    {
        NoteContinued();
        Native.SignalGroup(Pid, Native.SigCont);
    }

    /// <summary>Counts the process as stopped from now on. For freezers other than the signal.</summary>
    public void NoteStopped(bool really)
    {
        lock (sync)
        {
            stopped = really;
            stoppedAt = Stopwatch.GetTimestamp();
        }
    }

    public void NoteContinued()
    {
        lock (sync)
        {
            if (stopped)
                stoppedFor += Stopwatch.GetElapsedTime(stoppedAt);
            stopped = false;
        }
    }

    private static List<string> Prologue(Launch launch)
    {
        var steps = launch.CgroupProcsFiles.Select(file => $"echo $$ > {Quote(file)}").ToList();
        if (launch.Enter.Count > 0)
            steps.Add($"cd {Quote(launch.WorkingDirectory)}");
        if (steps.Count == 0)
            return [.. launch.Command];

        // Use env -i, because a shell may add its own variables, and the program must see exactly the given ones.
        var script = string.Join(" && ", steps) + " && exec \"$@\"";
        List<string> command = [.. launch.Enter, "/bin/sh", "-c", script, "sh", Tools.Env, "-i"];
        command.AddRange(launch.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        command.AddRange(launch.Command);
        return command;
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync().ConfigureAwait(false);

        // Kill also what it started and left behind, which closes the pipes.
        Native.SignalGroup(Pid, Native.SigKill);
        Guardian.Release(Pid);
        var limit = Task.Delay(TimeSpan.FromSeconds(1));
        await Task.WhenAny(Task.WhenAll(output.Ended, error.Ended), limit).ConfigureAwait(false);
        var code = process.ExitCode;
        return code;
    }
}
