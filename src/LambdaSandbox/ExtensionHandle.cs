using LambdaSandbox.Platform;
using LambdaSandbox.Processes;

namespace LambdaSandbox;

/// <summary>One extension as a test sees it.</summary>
public sealed class ExtensionHandle
{
    private readonly ExtensionAgent agent;

    internal ExtensionHandle(ExtensionAgent agent) => this.agent = agent;

    public string Name => agent.Name;

    /// <summary>As the Extensions API names it: Started, Registered, Ready, Running, ...</summary>
    public string State => agent.State.ToString();

    public IReadOnlyList<string> Events => agent.Events;

    public string? ErrorType => agent.ErrorType;

    /// <summary>Null for one that has no process of its own.</summary>
    public int? Pid => agent.Process?.Pid;

    /// <summary>128 + signal when one ended it; null while it runs.</summary>
    public int? ExitCode => agent.ExitCode;

    /// <summary>The sandbox had to send SIGKILL.</summary>
    public bool WasKilled => agent.Process?.WasKilled ?? false;

    public TimeSpan StoppedFor => agent.Process?.StoppedFor ?? TimeSpan.Zero;

    /// <summary>The most memory that was resident so far, as the kernel counts it; null once it has ended.</summary>
    public long? PeakResidentBytes => agent.Process is { } process && ProcFs.PeakResidentKb(process.Pid) is > 0 and var kb ? kb * 1024 : null;

    /// <summary>Processor time so far, that of its children that have ended included; zero once it has ended.</summary>
    public TimeSpan CpuTime => agent.Process is { } process ? ProcFs.CpuTime(process.Pid) : TimeSpan.Zero;

    public DateTimeOffset? RegisteredAt => agent.RegisteredAt;

    public DateTimeOffset? FirstNextAt => agent.FirstNextAt;

    /// <summary>When it last called Next; null when it never did.</summary>
    public DateTimeOffset? LastNextAt => agent.NextAt == default ? null : agent.NextAt;

    /// <summary>From the start of its process to Register, making the process included.</summary>
    public TimeSpan? RegisteredAfter => agent.RegisteredAt - agent.StartedAt;

    /// <summary>From the start of its process to its first Next.</summary>
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
