using System.Diagnostics;

namespace LambdaSandbox.Processes;

/// <summary>What to start, with exactly this environment.</summary>
/// <param name="WorkingDirectory">As the process sees it.</param>
/// <param name="Enter">The command that enters the environment's mount namespace; empty when there is none.</param>
internal sealed record Launch(
    string Name,
    IReadOnlyList<string> Command,
    string WorkingDirectory,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Enter,
    IEnumerable<string> CgroupProcsFiles);

/// <summary>A child that leads a session and process group of its own; whatever it starts is signalled and killed with it.</summary>
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

    /// <summary>Completes with the exit code (128 + signal when one ended it) after the last line was handed over.</summary>
    public Task<int> Exited { get; }

    /// <summary>SIGKILL was sent by us while it ran.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>How long it was stopped in all, counted only while the kernel really showed it stopped.</summary>
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
        // setsid execs in place (a child of .NET never leads a group), so the pid is that of the program and of its group.
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

    /// <summary>Waits until the kernel shows the process stopped: it counts as stopped from then on.</summary>
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

    /// <summary>For freezers other than the signal: from here on it counts as stopped.</summary>
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

        // env -i: a shell may add variables of its own, and the program must see exactly the given ones.
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

        // What it started and left behind goes with it, which also closes the pipes.
        Native.SignalGroup(Pid, Native.SigKill);
        Guardian.Release(Pid);
        var limit = Task.Delay(TimeSpan.FromSeconds(1));
        await Task.WhenAny(Task.WhenAll(output.Ended, error.Ended), limit).ConfigureAwait(false);
        var code = process.ExitCode;
        return code;
    }
}
