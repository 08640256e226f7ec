using LambdaSandbox.Platform;
using LambdaSandbox.Processes;

namespace LambdaSandbox;

/// <summary>One extension as a test sees it.</summary>
public sealed class ExtensionHandle
{
    private readonly ExtensionAgent agent;

    internal ExtensionHandle(ExtensionAgent agent) => this.agent = agent;

    public string Name => agent.Name;

    /// <summary>The state in the Extensions API's terms: Started, Registered, Ready, Running, ...</summary>
    public string State => agent.State.ToString();

    public IReadOnlyList<string> Events => agent.Events;

    public string? ErrorType => agent.ErrorType;

    /// <summary>The process id. Null for an extension without its own process.</summary>
    public int? Pid => agent.Process?.Pid;

    /// <summary>The exit code, or 128 + the signal that ended it. Null while it runs.</summary>
    public int? ExitCode => agent.ExitCode;

    /// <summary>Whether the sandbox had to send SIGKILL.</summary>
    public bool WasKilled => agent.Process?.WasKilled ?? false;

    public TimeSpan StoppedFor => agent.Process?.StoppedFor ?? TimeSpan.Zero;

    /// <summary>The kernel's count of the peak resident memory so far. Null after the end.</summary>
    public long? PeakResidentBytes => agent.Process is { } process && ProcFs.PeakResidentKb(process.Pid) is > 0 and var kb ? kb * 1024 : null;

    /// <summary>Processor time so far, that of its children that have ended included; zero once it has ended.</summary>
    public TimeSpan CpuTime => agent.Process is { } process ? ProcFs.CpuTime(process.Pid) : TimeSpan.Zero;

    public DateTimeOffset? RegisteredAt => agent.RegisteredAt;

    public DateTimeOffset? FirstNextAt => agent.FirstNextAt;

    /// <summary>The time of the last call of Next. Null without one.</summary>
    public DateTimeOffset? LastNextAt => agent.NextAt == default ? null : agent.NextAt;

    /// <summary>The time from before the creation of its process to Register.</summary>
    public TimeSpan? RegisteredAfter => agent.RegisteredAt - agent.StartedAt;

    /// <summary>The time from the start of its process to its first Next.</summary>
    public TimeSpan? FirstNextAfter => agent.FirstNextAt - agent.StartedAt;

    /// <summary>The lines of its stdout and stderr.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (agent.Output)
                return [.. agent.Output];
        }
    }
}
