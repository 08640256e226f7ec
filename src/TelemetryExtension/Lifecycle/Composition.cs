using Amazon.CloudWatchLogs;
using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Native;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Secrets;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Builds every object by hand, in the direction of the data. Nothing here connects, reads a file or starts a thread before <see cref="TryStart"/>.
/// </summary>
internal sealed class Composition
{
    private readonly ExtensionsApiClient _extensions;
    private readonly PollLoop _poll;
    private readonly Func<Task<int>> _recover;
    private readonly Action _askAround;
    private readonly Action _report;
    private readonly Action _warmUp;

    public Composition(
        ExtensionOptions options, RegisterResponse function, Sockets sockets, bool subscribed, bool managedInstances, ExtensionsApiClient extensions,
        TimeProvider time)
    {
        _extensions = extensions;
        // The function name is empty when the answer to Register was unreadable.
        if (function.FunctionName.Length == 0)
            function = function with { FunctionName = options.Resource.FunctionName ?? "" };
        var ledger = new Ledger();
        // These callbacks use the loop, which is created last. Nothing arrives before it exists. Outside Managed Instances a report without runtimeDone
        // belongs to a request that a reset cut off, and may precede the first INVOKE. Decoding it at once would report that invocation twice.
        var signals = new InvocationSignals(
            (requestId, failed) => Loop!.OnRuntimeDone(requestId, failed),
            managedInstances ? (requestId, failed) => Loop!.OnReportedOnly(requestId, failed) : null);
        var channel = new TelemetryChannel(options.Buffer, ledger, () => Loop!.OnOverThreshold());
        var resource = new EnvironmentResource(options.Resource, new LambdaFacts(function.AccountId, function.FunctionName, function.FunctionVersion), options.Receiver.EnrichResource);

        // Output: from the outbox to the destinations. If creating the client fails, the next use tries again, because PublicationOnly caches no
        // exception.
        var logs = new Lazy<AmazonCloudWatchLogsClient>(() => CloudWatchLogsClientFactory.Create(options.Aws), LazyThreadSafetyMode.PublicationOnly);
        LogNameValues Names() => new(function.FunctionName, function.FunctionVersion, resource.InstanceId);
        var stdout = new StandardOutputWriter(StandardOutput.OfProcess);
        var secrets = SecretStore.Of(options.Secrets, options.Aws, time);
        List<IDestination> destinations =
            [.. OtlpDestinations.Create(options.Delivery, time, secrets, new(options.Aws, Names, logs, time)), .. CloudWatchDestinations.Create(options.CloudWatch, logs, Names, resource.OfFunction, stdout, time)];
        var deadLetters = DeadLetterWriter.For(options.DeadLetters, logs, Names, stdout, time);
        var keepsForDeadLetters = options.DeadLetters.Output != DeadLetterOutput.Off;
        var outboxOptions = options.Outbox with
        {
            KeepsForDeadLetters = keepsForDeadLetters,
            SpoolDirectory = SpoolDirectory(options.Outbox.SpoolDirectory, extensions.Name),
        };
        var outbox = new PayloadOutbox(destinations, outboxOptions, RetrySchedule.Default, ledger, time);
        var delivery = new Deliverer(outbox, time, SnapshotRestores.NextDouble) { KeepsSent = options.Flush.SelfTraces };

        // In the init phase, before an invocation needs them. Nobody waits for it. A snapshot must not contain connections to the stores, nor secrets that
        // may be out of date when a copy starts.
        void ReadSecrets() => _ = secrets.GetAsync(options.Delivery.SecretSources, CancellationToken.None).AsTask();

        // A zone that a snapshot brought along is another copy's.
        void AskForZone() => _ = Task.Run(async () => resource.AvailabilityZone = await MetadataEndpoint.AvailabilityZoneAsync(options.Aws.MetadataApi, options.Aws.MetadataToken, time).ConfigureAwait(false));
        var snapStart = new SnapStart(options.Aws.IsSnapStart, () =>
        {
            ReadSecrets();
            AskForZone();
        });
        _askAround = snapStart.OnStart;

        // Processing: from the channel to the outbox. Without a destination for metrics none are created.
        var makesMetrics = options.Metrics.Enabled && (destinations.Count == 0 || destinations.Exists(static destination => destination.Accepts(Signal.Metrics)));
        var tracker = new InvocationTracker(
            function.FunctionName, new(options.Telemetry.FollowSampling, options.Telemetry.Parent, options.Delivery.ReachesXRay));
        var shaper = PayloadShaper.For(options.Shaping, tracker, outbox.Add, ledger, outboxOptions.MaxBytes / 4);
        var collector = new TelemetryCollector(
            channel, tracker, resource,
            new LogEncoder(shaper is null ? outbox.Add : shaper.Add, time, lost: records => ledger.Dropped(LedgerAccount.Logs, DropReason.Malformed, records)),
            makesMetrics ? new MetricCollector(options.Metrics, ledger, time) : null, outbox, ledger, time, options.Telemetry, shaper, snapStart.OnRestores);

        // Input: from the listeners into the channel.
        var telemetry = new TelemetryEndpoint(new TelemetryBatchReader(channel, signals, ledger), time, () => collector.IsHalfUsed, collector.Collect);
        var room = IntakeRoom.Of(channel, options.Buffer, () => outbox.BytesInMemory);
        var otlp = sockets.OtlpHttp is null && sockets.OtlpGrpc is null ? null : new OtlpIntake(options.Receiver, channel, ledger, time, room);
        _poll = new(time, LogPollBug);
        if (sockets.Telemetry is not null)
            _poll.Watch(new TelemetryListener(sockets.Telemetry, telemetry, _poll, HttpEndpoint.MaxConnections));
        if (otlp is not null)
            OtlpServer.StartWithFirstConnection(otlp, sockets.OtlpHttp, sockets.OtlpGrpc, _poll);

        // Control: when to flush.
        var policy = new FlushPolicy(options.Flush, time, subscribed, destinations.Count > 0, SnapshotRestores.NextDouble);
        var budget = new FlushBudget(options.Flush.Budget);
        var flusher = new Flusher(collector, delivery, deadLetters, policy, budget, ledger, time, options.Flush.SelfTraces ? new FlushTrace(collector, options.Flush.Strategy) : null);
        var shutdown = new Shutdown(collector, delivery, deadLetters, options.DeadLetters.Reserve, telemetry, signals, ledger, subscribed, time);
        var warmUp = new WarmUp(options.WarmUp, destinations, stop => new Rehearsal(options, time).Run(stop));
        _warmUp = warmUp.Start;
        Loop = new ExtensionLoop(extensions, collector, flusher, policy, budget, signals, otlp, shutdown, time, warmUp.Stop) { Invoked = snapStart.OnInvoke };
        _recover = outbox.RecoverAsync;
        _report = () => StartUpReport.Write(destinations, sockets, subscribed, options.Flush.Strategy);
        if (destinations.Count == 0)
            Log.Warn("no destination: set OTEL_EXPORTER_OTLP_ENDPOINT or TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP; telemetry is counted and dropped, invocations continue");
    }

    private ExtensionLoop Loop { get; }

    /// <summary>
    /// Starts to serve the sockets, which hold connections in their backlog until then. False, with a line in the log, when that does not work:
    /// whoever calls closes the sockets.
    /// </summary>
    public bool TryStart()
    {
        try
        {
            _poll.Start();
            _extensions.WaitWith(_poll.ReadableAsync);
            _report();
        }
        catch (Exception e)
        {
            _poll.End();
            Log.Error($"cannot serve the local endpoints, the function runs without telemetry: {Reason.OfBug(e)}");
            return false;
        }

        _askAround();
        _warmUp();
        _ = RecoverAsync();
        return true;
    }

    /// <summary>Runs the loop to its end, which is the event that ended it. Afterwards the caller may close the sockets.</summary>
    public async Task<ExtensionEvent> RunAsync()
    {
        try
        {
            return await Loop.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            _poll.End();
        }
    }

    /// <summary>At the end the sockets are closed while the thread may still look at them. That is no bug.</summary>
    private void LogPollBug(Exception e)
    {
        if (!_poll.IsEnded)
            Log.WarnOnce("poll", $"a local socket failed: {Reason.OfBug(e)}");
    }

    /// <summary>One process owns a directory, so a copy of this extension under another name gets its own.</summary>
    private static string SpoolDirectory(string directory, string extensionName) =>
        extensionName == ExtensionName.Default ? directory : Path.Combine(directory, extensionName);

    /// <summary>Runs in the background, because the disk may be slow.</summary>
    private async Task RecoverAsync()
    {
        try
        {
            if (await _recover().ConfigureAwait(false) is > 0 and var recovered)
                Log.Info($"took over {recovered} payloads of an earlier generation of this environment");
        }
        catch (Exception e)
        {
            // A failure here must not affect new telemetry.
            Log.Warn($"cannot take over the payloads of an earlier generation: {Reason.OfBug(e)}");
        }
    }
}
