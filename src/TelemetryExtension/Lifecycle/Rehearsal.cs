using System.Globalization;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Processing.Resources;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// Takes a made-up invocation through a second set of everything between the Telemetry API and the network. Afterwards the pages of that code are
/// mapped, and what is set up at first use is set up. Nothing of it leaves the process or reaches the real ledger, outbox or tracker.
/// </summary>
internal sealed class Rehearsal(ExtensionOptions options, TimeProvider time)
{
    private const string RequestId = "00000000-0000-0000-0000-000000000000";

    /// <summary>For the delivery, which has nobody to wait for.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Blocks, for a thread of its own. Answers what became of the made-up records.</summary>
    public Ledger Run(CancellationToken stop)
    {
        var ledger = new Ledger();
        var channel = new TelemetryChannel(new(Items: 64, Bytes: 64 * 1024), ledger);
        var gzip = options.Delivery.Destinations.Any(static destination => destination.Endpoints.Any(static endpoint => endpoint is { Gzip: true }));
        using var outbox = new PayloadOutbox(
            [OtlpDestinations.Rehearsal(gzip, time)], new(SpoolMaxBytes: 0, MaxAge: TimeSpan.FromHours(1)), RetrySchedule.Default, ledger, time);
        using var delivery = new Deliverer(outbox, time, static () => 0.5);
        using var environment = new EnvironmentReader();
        using var logs = new LogEncoder(outbox.Add, time);
        using var collector = new TelemetryCollector(
            channel, new InvocationTracker("rehearsal"), new EnvironmentResource(options.Resource, new LambdaFacts(null, "rehearsal", "1")), logs,
            options.Metrics.Enabled ? new MetricCollector(options.Metrics, ledger, time, environment) : null, outbox, ledger, time, options.Telemetry);

        collector.OnInvoke(new(RequestId, "", null, 0));
        new TelemetryEndpoint(new TelemetryBatchReader(channel, new InvocationSignals(), ledger), time, static () => false, static () => { }).Take(Batch());
        if (!stop.IsCancellationRequested)
            collector.Collect();
#pragma warning disable RS0030 // The warm-up's thread is there to wait, and the budget limits it.
        if (!stop.IsCancellationRequested)
            delivery.DeliverAsync(DeliveryMode.Once, Limit, stop).GetAwaiter().GetResult();
#pragma warning restore RS0030
        return ledger;
    }

    private PooledBody Batch()
    {
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var batch = Encoding.UTF8.GetBytes(
            $$$$"""
            [{"time":"{{{{now}}}}","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init"}},
            {"time":"{{{{now}}}}","type":"platform.initRuntimeDone","record":{"initializationType":"on-demand","phase":"init","status":"success"}},
            {"time":"{{{{now}}}}","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"success","metrics":{"durationMs":1}}},
            {"time":"{{{{now}}}}","type":"platform.start","record":{"requestId":"{{{{RequestId}}}}","version":"1"}},
            {"time":"{{{{now}}}}","type":"function","record":"{{{{now}}}}\t{{{{RequestId}}}}\tINFO\tmade up\n"},
            {"time":"{{{{now}}}}","type":"function","record":{"timestamp":"{{{{now}}}}","level":"INFO","requestId":"{{{{RequestId}}}}","message":"made up"}},
            {"time":"{{{{now}}}}","type":"platform.runtimeDone","record":{"requestId":"{{{{RequestId}}}}","status":"success","metrics":{"durationMs":1,"producedBytes":1},
              "spans":[{"name":"responseLatency","start":"{{{{now}}}}","durationMs":1}]}},
            {"time":"{{{{now}}}}","type":"platform.report","record":{"requestId":"{{{{RequestId}}}}","status":"success","metrics":{"durationMs":1,"billedDurationMs":1,"memorySizeMB":128,"maxMemoryUsedMB":64}}}]
            """);
        var body = PooledBody.Rent(batch.Length);
        batch.CopyTo(body.Span);
        return body;
    }
}
