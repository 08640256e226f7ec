using System.Text.Json.Serialization;

namespace LambdaSandbox;

/// <summary>How an init went. A failed one is tried again by the first invocation.</summary>
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

/// <param name="Body">What the caller gets: the runtime's own error, or what Lambda answers in its place.</param>
public sealed record InvocationError(string ErrorType, string? Body)
{
    /// <summary>Why it failed, in words for people, when the function did not report the error itself.</summary>
    public string? Reason { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Advice { get; init; }
}

/// <summary>How long a process was really stopped (state T seen in /proc) before an invocation or in total.</summary>
public sealed record StoppedProcess(string Name, int Pid, TimeSpan StoppedFor);

/// <summary>One invocation, from platform.start to the last Next.</summary>
/// <param name="Status">As in platform.report: success, error, failure, timeout.</param>
/// <param name="Payload">What the caller got; given even when the extensions' tail then ran into the timeout.</param>
/// <param name="ResponseTime">From the event's hand-over until the response was complete.</param>
/// <param name="ExtensionOverhead">From the runtime's Next to the last extension's.</param>
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
    /// <summary>From the moment runtimeDone was sent to the extensions until the last Next; null when that was called before.</summary>
    public TimeSpan? AfterRuntimeDone { get; init; }

    [JsonIgnore]
    public bool Succeeded => Status == "success" && Error is null;
}

public sealed record ProcessExit(string Name, int? ExitCode, bool WasKilled, TimeSpan After);

/// <summary>How an environment ended.</summary>
/// <param name="Drained">Every extension that got SHUTDOWN ended by itself, with 0, before the deadline.</param>
/// <param name="KillNeeded">SIGKILL was sent to an extension that had got SHUTDOWN.</param>
/// <param name="Frozen">How long each process was stopped in all.</param>
public sealed record ShutdownResult(
    string Reason,
    bool Drained,
    bool KillNeeded,
    TimeSpan Duration,
    ProcessExit? Runtime,
    IReadOnlyList<ProcessExit> Extensions,
    IReadOnlyList<StoppedProcess> Frozen);
