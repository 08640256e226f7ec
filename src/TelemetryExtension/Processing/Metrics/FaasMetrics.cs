using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>Every metric that the extension sends. Those named faas.* and otel.* come from the semantic conventions (1.44.0), the others are our own.</summary>
internal static class FaasMetrics
{
    /// <summary>All destinations together, as the ledger counts them. So this is none of the exporters that the conventions list.</summary>
    private const string Exporter = "telemetry_extension";

    private const double Ki = 1024;
    private const double Mi = 1024 * 1024;

    // The bounds that the FaaS conventions recommend.
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    // Most overheads and latencies inside a sandbox are too short for the bounds above.
    private static readonly double[] ShortSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly double[] Memory = [16 * Mi, 32 * Mi, 64 * Mi, 128 * Mi, 256 * Mi, 512 * Mi, 1024 * Mi, 2048 * Mi, 4096 * Mi, 8192 * Mi];
    private static readonly double[] Traffic = [Ki, 4 * Ki, 16 * Ki, 64 * Ki, 256 * Ki, Mi, 4 * Mi, 16 * Mi, 64 * Mi, 256 * Mi];

    public static readonly MetricDefinition Invocations = new(Conventions.FaasInvocations, "{invocation}", MetricKind.Counter,
        "Number of successful invocations", "platform.runtimeDone, platform.report");

    public static readonly MetricDefinition Errors = new(Conventions.FaasErrors, "{error}", MetricKind.Counter,
        "Number of invocation errors", "platform.runtimeDone, platform.report, SHUTDOWN");

    public static readonly MetricDefinition Timeouts = new(Conventions.FaasTimeouts, "{timeout}", MetricKind.Counter,
        "Number of invocation timeouts", "platform.runtimeDone, platform.report, SHUTDOWN");

    public static readonly MetricDefinition ColdStarts = new(Conventions.FaasColdStarts, "{coldstart}", MetricKind.Counter,
        "Number of invocation cold starts", "platform.start, platform.initStart");

    public static readonly MetricDefinition InitDuration = new(Conventions.FaasInitDuration, "s", MetricKind.Histogram,
        "Duration of the function's initialization, such as a cold start", "platform.initStart, initRuntimeDone, initReport", Seconds);

    public static readonly MetricDefinition InvokeDuration = new(Conventions.FaasInvokeDuration, "s", MetricKind.Histogram,
        "Duration of the function's logic execution", "platform.runtimeDone, platform.report, SHUTDOWN", Seconds);

    public static readonly MetricDefinition MemUsage = new(Conventions.FaasMemUsage, "By", MetricKind.Histogram,
        "Distribution of max memory usage per invocation", "platform.report", Memory);

    public static readonly MetricDefinition CpuUsage = new(Conventions.FaasCpuUsage, "s", MetricKind.Histogram,
        "Distribution of CPU usage per invocation, of the whole environment", "/proc/stat", Seconds);

    public static readonly MetricDefinition NetIo = new(Conventions.FaasNetIo, "By", MetricKind.Histogram,
        "Distribution of net I/O usage per invocation, of the whole environment", "/proc/net/dev", Traffic);

    public static readonly MetricDefinition BilledDuration = new(Conventions.BilledDuration, "s", MetricKind.Histogram,
        "Billed duration", "platform.report", Seconds);

    public static readonly MetricDefinition ProducedBytes = new(Conventions.ProducedBytes, "By", MetricKind.Histogram,
        "Size of the response", "platform.runtimeDone", Traffic);

    public static readonly MetricDefinition ResponseLatency = new(Conventions.ResponseLatency, "s", MetricKind.Histogram,
        "From sending the event to the first byte of the response", "platform.runtimeDone spans (Managed Instances: platform.report spans)", ShortSeconds);

    public static readonly MetricDefinition ResponseDuration = new(Conventions.ResponseDuration, "s", MetricKind.Histogram,
        "From the first to the last byte of the response", "platform.runtimeDone spans (Managed Instances: platform.report spans)", ShortSeconds);

    public static readonly MetricDefinition RuntimeOverhead = new(Conventions.RuntimeOverhead, "s", MetricKind.Histogram,
        "From the end of the response to the runtime being ready again", "platform.runtimeDone spans", ShortSeconds);

    public static readonly MetricDefinition ExtensionOverhead = new(Conventions.ExtensionOverhead, "s", MetricKind.Histogram,
        "From the runtime being ready to the last extension being ready: what extensions cost", "platform.report spans", ShortSeconds);

    public static readonly MetricDefinition RestoreDuration = new(Conventions.RestoreDuration, "s", MetricKind.Histogram,
        "Duration of restoring a SnapStart snapshot", "platform.restoreStart, restoreRuntimeDone, restoreReport", Seconds);

    public static readonly MetricDefinition EstimatedCost = new(Conventions.EstimatedCost, "{USD}", MetricKind.RealCounter,
        "Billed duration times memory, and the request, by the price table", "platform.report");

    public static readonly MetricDefinition TmpUsed = new(Conventions.TmpUsed, "By", MetricKind.Gauge, "Space used in /tmp", "statvfs of /tmp");

    public static readonly MetricDefinition FileDescriptors = new(Conventions.FileDescriptors, "{file_descriptor}", MetricKind.Gauge,
        "Open file descriptors of the processes that can be read", "/proc/*/fd");

    public static readonly MetricDefinition Threads = new(Conventions.Threads, "{thread}", MetricKind.Gauge,
        "Threads of all processes in the environment", "/proc/*/task");

    public static readonly MetricDefinition PlatformDroppedRecords = new(Conventions.PlatformDroppedRecords, "{record}", MetricKind.Counter,
        "Log records that Lambda dropped before they reached the extension", "platform.logsDropped");

    public static readonly MetricDefinition PlatformDroppedBytes = new(Conventions.PlatformDroppedBytes, "By", MetricKind.Counter,
        "Size of the log records that Lambda dropped before they reached the extension", "platform.logsDropped");

    public static readonly MetricDefinition RecordsReceived = Ledger(Conventions.RecordsReceived, "Records received");

    public static readonly MetricDefinition RecordsExported = Ledger(Conventions.RecordsExported, "Records that every destination took");

    public static readonly MetricDefinition RecordsRejected = Ledger(Conventions.RecordsRejected, "Records a backend refused inside an accepted request");

    public static readonly MetricDefinition RecordsDropped = Ledger(Conventions.RecordsDropped, "Records dropped, by reason");

    public static readonly MetricDefinition RecordsDeadLettered = Ledger(Conventions.RecordsDeadLettered, "Records written to the dead-letter destination");

    public static readonly MetricDefinition RecordsSampled = Ledger(Conventions.RecordsSampled, "Records of traces that sampling left out");

    public static readonly MetricDefinition RecordsFiltered = Ledger(Conventions.RecordsFiltered, "Records that a filter left out");

    public static readonly MetricDefinition ValuesRedacted = new(Conventions.ValuesRedacted, "{value}", MetricKind.Counter,
        "Values replaced inside records", "own ledger");

    public static readonly MetricDefinition RecordsSpooled = new(Conventions.RecordsSpooled, "{record}", MetricKind.Gauge,
        "Records still on their way, in files under /tmp", "own ledger");

    public static readonly MetricDefinition RecordsBuffered = new(Conventions.RecordsBuffered, "{record}", MetricKind.Gauge,
        "Records still on their way, in memory", "own ledger");

    public static readonly MetricDefinition SpansExported = Exports(Conventions.SpansExported, "{span}", "Spans whose export has finished, successful or failed");

    public static readonly MetricDefinition LogRecordsExported = Exports(
        Conventions.LogRecordsExported, "{log_record}", "Log records whose export has finished, successful or failed");

    public static readonly MetricDefinition DataPointsExported = Exports(
        Conventions.DataPointsExported, "{data_point}", "Metric data points whose export has finished, successful or failed");

    /// <summary>In the order of the documentation.</summary>
    public static IReadOnlyList<MetricDefinition> All =>
    [
        Invocations, Errors, Timeouts, ColdStarts, InitDuration, InvokeDuration, MemUsage, CpuUsage, NetIo,
        BilledDuration, ProducedBytes, ResponseLatency, ResponseDuration, RuntimeOverhead, ExtensionOverhead, RestoreDuration, EstimatedCost,
        TmpUsed, FileDescriptors, Threads, PlatformDroppedRecords, PlatformDroppedBytes,
        RecordsReceived, RecordsExported, RecordsRejected, RecordsDropped, RecordsDeadLettered,
        RecordsSampled, RecordsFiltered, ValuesRedacted, RecordsSpooled, RecordsBuffered,
        SpansExported, LogRecordsExported, DataPointsExported,
    ];

    private static MetricDefinition Exports(string name, string unit, string description) =>
        new(name, unit, MetricKind.Counter, description, "own ledger, with the conventions' names", Component: Exporter);

    private static MetricDefinition Ledger(string name, string description) => new(name, "{record}", MetricKind.Counter, description, "own ledger");
}
