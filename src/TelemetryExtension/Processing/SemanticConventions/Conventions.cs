namespace TelemetryExtension.Processing.SemanticConventions;

/// <summary>
/// Every name that users see, in one place: OpenTelemetry semantic conventions 1.44.0 (FaaS, cloud, AWS, exception, service). Names that the
/// conventions lack are in our own namespace <c>telemetry_extension.*</c>, because custom names must not use theirs.
/// </summary>
internal static class Conventions
{
    public const string SchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

    /// <summary>Instrumentation scope of our spans, log records and metrics.</summary>
    public const string ScopeName = "telemetry-extension";

    // Resource.
    public const string CloudProvider = "cloud.provider";
    public const string CloudPlatform = "cloud.platform";
    public const string CloudRegion = "cloud.region";
    public const string CloudAccountId = "cloud.account.id";
    public const string CloudResourceId = "cloud.resource_id";
    public const string FaasName = "faas.name";
    public const string FaasVersion = "faas.version";
    public const string FaasInstance = "faas.instance";
    public const string FaasMaxMemory = "faas.max_memory";
    public const string CloudAvailabilityZone = "cloud.availability_zone";
    public const string AwsLogGroupNames = "aws.log.group.names";
    public const string AwsLogGroupArns = "aws.log.group.arns";
    public const string AwsLogStreamNames = "aws.log.stream.names";
    public const string AwsLogStreamArns = "aws.log.stream.arns";
    public const string ServiceName = "service.name";
    public const string ServiceInstanceId = "service.instance.id";
    public const string TelemetrySdkName = "telemetry.sdk.name";
    public const string TelemetrySdkLanguage = "telemetry.sdk.language";
    public const string TelemetrySdkVersion = "telemetry.sdk.version";
    public const string TelemetryDistroName = "telemetry.distro.name";
    public const string TelemetryDistroVersion = "telemetry.distro.version";

    // Spans and log records.
    public const string FaasInvocationId = "faas.invocation_id";
    public const string FaasColdStart = "faas.coldstart";
    public const string FaasTrigger = "faas.trigger";
    public const string HttpRoute = "http.route";
    public const string AwsLambdaInvokedArn = "aws.lambda.invoked_arn";
    public const string ErrorType = "error.type";
    public const string ExceptionType = "exception.type";
    public const string ExceptionMessage = "exception.message";
    public const string ExceptionStackTrace = "exception.stacktrace";

    /// <summary>The event of an exception that the function did not handle (conventions, exceptions in FaaS).</summary>
    public const string InvocationException = "faas.invocation.exception";

    // Metrics of the conventions.
    public const string FaasInvokeDuration = "faas.invoke_duration";
    public const string FaasInitDuration = "faas.init_duration";
    public const string FaasColdStarts = "faas.coldstarts";
    public const string FaasErrors = "faas.errors";
    public const string FaasInvocations = "faas.invocations";
    public const string FaasTimeouts = "faas.timeouts";
    public const string FaasMemUsage = "faas.mem_usage";
    public const string FaasCpuUsage = "faas.cpu_usage";
    public const string FaasNetIo = "faas.net_io";

    // Metrics of the conventions about exporters.
    public const string SpansExported = "otel.sdk.exporter.span.exported";
    public const string LogRecordsExported = "otel.sdk.exporter.log.exported";
    public const string DataPointsExported = "otel.sdk.exporter.metric_data_point.exported";
    public const string OtelComponentName = "otel.component.name";
    public const string OtelComponentType = "otel.component.type";

    // Ours.

    /// <summary>On invocations, true: neither the platform nor SHUTDOWN reported how and when it ended.</summary>
    public const string EndUnknown = "telemetry_extension.end_unknown";
    public const string TenantId = "telemetry_extension.tenant_id";

    /// <summary>The ARN of the durable execution that an invocation belongs to. The conventions have no name for it.</summary>
    public const string DurableExecutionArn = "telemetry_extension.durable_execution.arn";

    /// <summary>On invocations, true: this environment ran an earlier invocation of the same durable execution, whose steps this one repeats.</summary>
    public const string DurableExecutionReplay = "telemetry_extension.durable_execution.replay";
    public const string InitializationType = "telemetry_extension.initialization_type";
    public const string InitPhase = "telemetry_extension.init_phase";

    /// <summary>On spans of flushes: why there was one.</summary>
    public const string FlushReason = "telemetry_extension.flush.reason";
    public const string FlushStrategy = "telemetry_extension.flush.strategy";

    /// <summary>In seconds.</summary>
    public const string FlushBudget = "telemetry_extension.flush.budget";

    /// <summary>complete, incomplete or cut_off.</summary>
    public const string FlushOutcome = "telemetry_extension.flush.outcome";
    public const string FlushBytes = "telemetry_extension.flush.bytes";
    public const string FlushPayloadsLeft = "telemetry_extension.flush.payloads_left";
    public const string FlushBatchIds = "telemetry_extension.flush.batch_ids";

    /// <summary>On the resource: which patch of a managed runtime runs. The conventions have no name for it.</summary>
    public const string RuntimeVersion = "telemetry_extension.runtime.version";
    public const string RuntimeVersionArn = "telemetry_extension.runtime.version_arn";

    /// <summary>On metrics: transmit or receive.</summary>
    public const string NetworkIoDirection = "network.io.direction";

    /// <summary>On ledger metrics: traces, metrics, logs or events.</summary>
    public const string LedgerSignal = "telemetry_extension.signal";

    /// <summary>On <see cref="RecordsDropped"/>: the reason in snake_case.</summary>
    public const string DropReason = "telemetry_extension.drop_reason";

    public const string BilledDuration = "telemetry_extension.invocation.billed_duration";
    public const string ProducedBytes = "telemetry_extension.invocation.produced_bytes";
    public const string ResponseLatency = "telemetry_extension.invocation.response_latency";
    public const string ResponseDuration = "telemetry_extension.invocation.response_duration";
    public const string RuntimeOverhead = "telemetry_extension.invocation.runtime_overhead";
    public const string ExtensionOverhead = "telemetry_extension.invocation.extension_overhead";
    public const string RestoreDuration = "telemetry_extension.restore_duration";
    public const string EstimatedCost = "telemetry_extension.estimated_cost";
    public const string TmpUsed = "telemetry_extension.tmp.used";
    public const string FileDescriptors = "telemetry_extension.environment.file_descriptors";
    public const string Threads = "telemetry_extension.environment.threads";
    public const string PlatformDroppedRecords = "telemetry_extension.platform.dropped_records";
    public const string PlatformDroppedBytes = "telemetry_extension.platform.dropped_bytes";
    public const string RecordsReceived = "telemetry_extension.records.received";
    public const string RecordsExported = "telemetry_extension.records.exported";
    public const string RecordsRejected = "telemetry_extension.records.rejected";
    public const string RecordsDropped = "telemetry_extension.records.dropped";
    public const string RecordsDeadLettered = "telemetry_extension.records.dead_lettered";
    public const string RecordsSampled = "telemetry_extension.records.sampled";
    public const string RecordsFiltered = "telemetry_extension.records.filtered";
    public const string ValuesRedacted = "telemetry_extension.values.redacted";
    public const string RecordsSpooled = "telemetry_extension.records.spooled";
    public const string RecordsBuffered = "telemetry_extension.records.buffered";

    /// <summary>The version of this build, for the scope and for <see cref="TelemetryDistroVersion"/>.</summary>
    public static string Version { get; } = typeof(Conventions).Assembly.GetName().Version?.ToString(3) ?? "0";
}
