namespace LambdaSandbox;

public enum TracingMode
{
    /// <summary>Lambda has its own segment: Parent of the function's header, `tracing.spanId` of the telemetry; Sampled=1.</summary>
    Active,

    /// <summary>The caller's header unchanged. Without one Lambda creates an unsampled header.</summary>
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
    /// <summary>SIGSTOP and SIGCONT to process groups, which needs no permissions.</summary>
    Signals,

    /// <summary>The freezer of cgroup v2 or v1, which needs a writable hierarchy.</summary>
    Cgroup,

    None,
}

/// <summary>What the local Lambda runs and how it behaves. The defaults are those of a plain on-demand function.</summary>
/// <remarks>
/// Nothing is mounted at /opt or /var/task unless <see cref="PrivateMounts"/> is set. Without mounts, processes see the real, unpacked
/// paths, and only AWS_LAMBDA_EXEC_WRAPPER is translated from /opt/... to them.
/// </remarks>
public sealed record SandboxOptions
{
    public string? LayerZip { get; init; }

    /// <summary>An unpacked layer, used in place without a copy.</summary>
    public string? LayerDirectory { get; init; }

    /// <summary>Further layers, zips or folders. They are unpacked over each other in this order, as on Lambda.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    public string? FunctionZip { get; init; }

    /// <summary>An unpacked function, used in place without a copy.</summary>
    public string? FunctionDirectory { get; init; }

    /// <summary>The command of the runtime, instead of /var/task/bootstrap or /opt/bootstrap. Found through PATH unless absolute.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>
    /// The folder that processes see at /var/runtime: the client of a managed runtime. Words of <see cref="Command"/> may begin with that path.
    /// </summary>
    public string? RuntimeDirectory { get; init; }

    /// <summary>Variables that only the runtime sees, such as those of a managed runtime.</summary>
    public IReadOnlyDictionary<string, string> RuntimeEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The command before every binary of the layer and the function, such as "qemu-aarch64-static", which runs binaries of another architecture. Scripts
    /// run on the host itself.
    /// </summary>
    public IReadOnlyList<string> Emulator { get; init; } = [];

    /// <summary>Names of external extensions that the caller plays over HTTP. Init waits for them as for real ones.</summary>
    /// <remarks>Without zip, directory and command the caller plays the runtime too.</remarks>
    public IReadOnlyList<string> PlayedExtensions { get; init; } = [];

    /// <summary>The function's configured variables, which extensions see too.</summary>
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

    /// <summary>The most overlapping invocations on managed instances.</summary>
    public int MaxConcurrency { get; init; } = 4;

    public FreezeMode Freeze { get; init; } = FreezeMode.Signals;

    /// <summary>Limits the CPU to the share of the memory size (MB / 1769 of a vCPU) with a cgroup's quota. Needs root.</summary>
    public bool LimitCpu { get; init; }

    /// <summary>Limits the memory of all processes together to the memory size, with a cgroup. Needs root.</summary>
    public bool LimitMemory { get; init; }

    /// <summary>
    /// Gives the environment its own /tmp, /opt and /var/task with a mount namespace. Needs root or user namespaces. /tmp then outlives resets, and nothing
    /// else sees it.
    /// </summary>
    public bool PrivateMounts { get; init; }

    /// <summary>Files that the processes see instead of others of the machine, with a mount namespace.</summary>
    public IReadOnlyList<(string File, string InPlaceOf)> Mounts { get; init; } = [];

    /// <summary>The limit of the init phase, 10 s on Lambda on demand.</summary>
    public TimeSpan InitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time from the runtime's SIGTERM to the last SIGKILL, with an external extension. Without one it is 500 ms or 0.</summary>
    public TimeSpan ShutdownBudget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The runtime's part of the shutdown budget.</summary>
    public TimeSpan RuntimeShutdownShare { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Whether the init after a failed one is announced after platform.start instead of before it.</summary>
    public bool SuppressedInitAfterStart { get; init; }

    /// <summary>Whether to start without an init, so that the first invocation does a suppressed init.</summary>
    public bool SuppressInit { get; init; }

    /// <summary>When the platform creates the report of an invocation that ended in a reset.</summary>
    public ReportAfterReset ReportAfterReset { get; init; } = ReportAfterReset.NextGeneration;

    /// <summary>Whether an extension that subscribes again after a reset keeps its first destination, whatever it requests.</summary>
    public bool KeepDestination { get; init; }

    /// <summary>The number of events and lines in memory, for long runs. Beyond it the older half is dropped.</summary>
    public int KeptRecords { get; init; } = int.MaxValue;

    /// <summary>The port of all three APIs on loopback. 0 chooses a free port.</summary>
    public int RuntimeApiPort { get; init; }

    /// <summary>The bytes that may wait for one subscriber before events are dropped with platform.logsDropped.</summary>
    public int TelemetryQueueBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Called with every captured line: its source ("function" or the extension's name) and its text. Called on reader threads.</summary>
    public Action<string, string>? OnLine { get; init; }

    /// <summary>Called when an extension (by name) has called Next. The platform handles the call after this task ends.</summary>
    public Func<string, Task>? OnNext { get; init; }

    public SandboxFaults Faults { get; init; } = new();
}

public enum ReportAfterReset
{
    /// <summary>Created after the reset: delivered to the next generation, or never if none follows.</summary>
    NextGeneration,

    /// <summary>Created before the extensions get SHUTDOWN.</summary>
    BeforeShutdown,

    Never,
}

/// <summary>The options of one invocation.</summary>
public sealed record InvokeOptions
{
    public string? RequestId { get; init; }

    /// <summary>The caller's X-Amzn-Trace-Id.</summary>
    public string? TraceHeader { get; init; }

    /// <summary>Overrides the header in the telemetry's `tracing.value`. Empty leaves `tracing` out of the telemetry.</summary>
    public string? TelemetryTraceHeader { get; init; }

    public string? TenantId { get; init; }
    public string? ClientContext { get; init; }
    public string? CognitoIdentity { get; init; }

    /// <summary>Receives the response while the runtime sends it. Without it the response is only in the result.</summary>
    public ResponseFeed? Response { get; init; }

    /// <summary>Called when the event is offered to runtime and extensions. runtimeDone follows after it ends.</summary>
    public Func<RunningInvocation, Task>? WhileRunning { get; init; }

    /// <summary>Kills the runtime, like the kernel when memory runs out, this long after the delivery of the event.</summary>
    public TimeSpan? OutOfMemoryAfter { get; init; }
}

public sealed record RunningInvocation(string RequestId, DateTimeOffset StartedAt, DateTimeOffset Deadline, string? TraceHeader);
