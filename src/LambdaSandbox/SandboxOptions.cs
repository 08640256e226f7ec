namespace LambdaSandbox;

public enum TracingMode
{
    /// <summary>Lambda's own segment: Parent of the function's header, `tracing.spanId` of the telemetry; Sampled=1.</summary>
    Active,

    /// <summary>The caller's header unchanged; without one, Lambda makes an unsampled one.</summary>
    PassThrough,

    /// <summary>No header anywhere.</summary>
    None,
}

public enum InitializationType
{
    OnDemand,
    ProvisionedConcurrency,
    SnapStart,

    /// <summary>Managed instances: no freeze, overlapping invocations, SHUTDOWN-only extensions, no runtimeDone.</summary>
    ManagedInstances,
}

public enum LogFormat
{
    Text,
    Json,
}

public enum FreezeMode
{
    /// <summary>SIGSTOP and SIGCONT to process groups: needs no rights.</summary>
    Signals,

    /// <summary>The freezer of cgroup v2 or v1: needs a writable hierarchy.</summary>
    Cgroup,

    None,
}

/// <summary>What the local Lambda runs and how it behaves. Defaults are those of a plain on-demand function.</summary>
/// <remarks>
/// Nothing is mounted at /opt or /var/task unless <see cref="PrivateMounts"/> is set. Without mounts, processes see the real, unpacked
/// paths, and only AWS_LAMBDA_EXEC_WRAPPER is translated from /opt/... to them.
/// </remarks>
public sealed record SandboxOptions
{
    public string? LayerZip { get; init; }

    /// <summary>An unpacked layer; used in place, not copied.</summary>
    public string? LayerDirectory { get; init; }

    /// <summary>More layers, zips or folders. They are unpacked over each other in this order, as Lambda does.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    public string? FunctionZip { get; init; }

    /// <summary>An unpacked function; used in place, not copied.</summary>
    public string? FunctionDirectory { get; init; }

    /// <summary>The command that is the runtime, instead of /var/task/bootstrap or /opt/bootstrap. Found through PATH unless absolute.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>What processes see at /var/runtime: the client of a managed runtime. Words of <see cref="Command"/> may begin with that path.</summary>
    public string? RuntimeDirectory { get; init; }

    /// <summary>Variables that only the runtime sees, such as those of a managed runtime.</summary>
    public IReadOnlyDictionary<string, string> RuntimeEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The command before every binary of the layer and the function, such as "qemu-aarch64-static": runs what was built for another machine.
    /// Scripts run on the host itself.
    /// </summary>
    public IReadOnlyList<string> Emulator { get; init; } = [];

    /// <summary>Names of external extensions that the caller plays over HTTP; init waits for them as for real ones.</summary>
    /// <remarks>Without zip, directory and command the runtime is played by the caller too.</remarks>
    public IReadOnlyList<string> PlayedExtensions { get; init; } = [];

    /// <summary>The function's configured variables, which the extensions see too.</summary>
    public IDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string FunctionName { get; init; } = "orders";
    public string FunctionVersion { get; init; } = "$LATEST";
    public string Handler { get; init; } = "bootstrap";
    public string AccountId { get; init; } = "123456789012";
    public string Region { get; init; } = "eu-west-1";
    public string? RuntimeVersion { get; init; }
    public string? RuntimeVersionArn { get; init; }
    public int MemorySizeMb { get; init; } = 128;
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    public TracingMode Tracing { get; init; } = TracingMode.PassThrough;
    public LogFormat LogFormat { get; init; } = LogFormat.Text;
    public InitializationType InitializationType { get; init; } = InitializationType.OnDemand;

    /// <summary>Overlapping invocations on managed instances.</summary>
    public int MaxConcurrency { get; init; } = 4;

    public FreezeMode Freeze { get; init; } = FreezeMode.Signals;

    /// <summary>The CPU share of the memory size (MB / 1769 of a vCPU), by a cgroup's quota. Needs root.</summary>
    public bool LimitCpu { get; init; }

    /// <summary>The memory size as a hard limit for all processes together, by a cgroup. Needs root.</summary>
    public bool LimitMemory { get; init; }

    /// <summary>
    /// Own /tmp, /opt and /var/task by a mount namespace. Needs root or user namespaces. /tmp then survives resets and nothing else sees it.
    /// </summary>
    public bool PrivateMounts { get; init; }

    /// <summary>Files that the processes see in place of others of the machine, by a mount namespace.</summary>
    public IReadOnlyList<(string File, string InPlaceOf)> Mounts { get; init; } = [];

    /// <summary>Limit of the init phase; 10 s on Lambda on demand.</summary>
    public TimeSpan InitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the runtime's SIGTERM to the last SIGKILL, with an external extension. Without one it is 500 ms or 0.</summary>
    public TimeSpan ShutdownBudget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The runtime's part of the shutdown budget.</summary>
    public TimeSpan RuntimeShutdownShare { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>The init of a generation that follows a failed one is announced after platform.start instead of before it.</summary>
    public bool SuppressedInitAfterStart { get; init; }

    /// <summary>Begin with nothing initialised: the first invocation then does a suppressed init.</summary>
    public bool SuppressInit { get; init; }

    /// <summary>When the report of an invocation that ended in a reset is made.</summary>
    public ReportAfterReset ReportAfterReset { get; init; } = ReportAfterReset.NextGeneration;

    /// <summary>An extension that subscribes again after a reset keeps its first destination, whatever it asks for.</summary>
    public bool KeepDestination { get; init; }

    /// <summary>How many events and lines are kept in memory, for processes that run long. The oldest half is forgotten beyond it.</summary>
    public int KeptRecords { get; init; } = int.MaxValue;

    /// <summary>The port of all three APIs on loopback; 0: any free one.</summary>
    public int RuntimeApiPort { get; init; }

    /// <summary>What one subscriber may have waiting before events are dropped with platform.logsDropped.</summary>
    public int TelemetryQueueBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Every captured line, as it comes: source ("function" or the extension's name) and text. Called from reader threads.</summary>
    public Action<string, string>? OnLine { get; init; }

    /// <summary>An extension (by name) has called Next; the platform takes notice of it once this has ended.</summary>
    public Func<string, Task>? OnNext { get; init; }

    public SandboxFaults Faults { get; init; } = new();
}

public enum ReportAfterReset
{
    /// <summary>Made when the reset is over: delivered to the next generation, or never if none comes.</summary>
    NextGeneration,

    /// <summary>Made before the extensions get SHUTDOWN.</summary>
    BeforeShutdown,

    Never,
}

/// <summary>What is particular to one invocation.</summary>
public sealed record InvokeOptions
{
    public string? RequestId { get; init; }

    /// <summary>The caller's X-Amzn-Trace-Id.</summary>
    public string? TraceHeader { get; init; }

    /// <summary>Overrides the header in the telemetry's `tracing.value`; empty: no `tracing` in telemetry.</summary>
    public string? TelemetryTraceHeader { get; init; }

    public string? TenantId { get; init; }
    public string? ClientContext { get; init; }
    public string? CognitoIdentity { get; init; }

    /// <summary>Gets the response while the runtime sends it. Without it the response is only in the result.</summary>
    public ResponseFeed? Response { get; init; }

    /// <summary>Runs once the event was offered to runtime and extensions; runtimeDone is not made before it ends.</summary>
    public Func<RunningInvocation, Task>? WhileRunning { get; init; }

    /// <summary>The runtime is killed as by the kernel when memory runs out, this long after the event was handed over.</summary>
    public TimeSpan? OutOfMemoryAfter { get; init; }
}

public sealed record RunningInvocation(string RequestId, DateTimeOffset StartedAt, DateTimeOffset Deadline, string? TraceHeader);
