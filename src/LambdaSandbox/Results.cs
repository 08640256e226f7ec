using System.Text.Json.Serialization;

namespace LambdaSandbox;

/// <summary>The result of an init. The first invocation retries a failed one.</summary>
public sealed record InitResult(string Status, string? ErrorType, TimeSpan Duration, string Phase)
{
    /// <summary>Why it failed, in words for people.</summary>
    public string? Reason { get; init; }

    /// <summary>What the runtime sent with its init error.</summary>
    public string? Body { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Advice { get; init; }

    [JsonIgnore]
    public bool Succeeded => Status == "success";
}

/// <param name="Body">The caller's answer: the runtime's own error, or Lambda's error instead.</param>
public sealed record InvocationError(string ErrorType, string? Body)
{
    /// <summary>Why it failed, in words for people, when the function did not report the error itself.</summary>
    public string? Reason { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Advice { get; init; }
}

/// <summary>How long a process was really stopped (state T in /proc), before an invocation or in total.</summary>
public sealed record StoppedProcess(string Name, int Pid, TimeSpan StoppedFor);

/// <summary>One invocation, from platform.start to the last Next.</summary>
/// <param name="Status">The status in platform.report: success, error, failure, timeout.</param>
/// <param name="Payload">The caller's answer. Present even when the extensions then ran into the timeout.</param>
/// <param name="ResponseTime">The time from the delivery of the event to the complete response.</param>
/// <param name="ExtensionOverhead">The time from the runtime's Next to the last extension's Next.</param>
/// <param name="Frozen">How long each process was stopped before this invocation.</param>
public sealed record InvocationResult(
    string RequestId,
    string Status,
    string? Payload,
    InvocationError? Error,
    DateTimeOffset StartedAt,
    TimeSpan Duration,
    TimeSpan BilledDuration,
    TimeSpan? ResponseTime,
    TimeSpan ExtensionOverhead,
    TimeSpan? InitDuration,
    int MaxMemoryUsedMb,
    string? TraceHeader,
    bool OutOfMemory,
    IReadOnlyList<StoppedProcess> Frozen)
{
    /// <summary>The time from the sending of runtimeDone to the last Next. Null when Next had been called before.</summary>
    public TimeSpan? AfterRuntimeDone { get; init; }

    [JsonIgnore]
    public bool Succeeded => Status == "success" && Error is null;
}

public sealed record ProcessExit(string Name, int? ExitCode, bool WasKilled, TimeSpan After);

/// <summary>The end of an environment.</summary>
/// <param name="Drained">Whether every extension that got SHUTDOWN exited with 0 before the deadline.</param>
/// <param name="KillNeeded">Whether SIGKILL was sent to an extension that had got SHUTDOWN.</param>
/// <param name="Frozen">The total time for which each process was stopped.</param>
public sealed record ShutdownResult(
    string Reason,
    bool Drained,
    bool KillNeeded,
    TimeSpan Duration,
    ProcessExit? Runtime,
    IReadOnlyList<ProcessExit> Extensions,
    IReadOnlyList<StoppedProcess> Frozen);
