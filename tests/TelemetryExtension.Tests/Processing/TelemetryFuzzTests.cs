using System.Diagnostics;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Otlp;

namespace TelemetryExtension.Tests.Processing;

/// <summary>
/// The whole path from a POST of the Telemetry API to encoded payloads with damaged telemetry: fields missing, null, of other types, repeated or shuffled,
/// and flipped bytes. Nothing throws, every payload decodes, and the ledger balances.
/// </summary>
public sealed class TelemetryFuzzTests : IDisposable
{
    private static readonly string[] Values =
        ["null", "\"\"", "0", "-1", "1e308", "9223372036854775807", "true", "[]", "{}", "\"x\"", "\"\\ud800\"", "[[[1]]]", "\"2025-08-11T12:00:00.101Z\"", "{\"a\":{\"b\":[null]}}"];

    private static readonly string[] Records =
    [
        """{"time":"2025-08-11T11:59:59.400Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","functionName":"orders","functionVersion":"$LATEST","instanceId":"2025/08/11/orders[$LATEST]22be","instanceMaxMemory":268435456}}""",
        """{"time":"2025-08-11T11:59:59.860Z","type":"platform.initRuntimeDone","record":{"initializationType":"on-demand","phase":"init","status":"success"}}""",
        """{"time":"2025-08-11T11:59:59.864Z","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"success","metrics":{"durationMs":463.512}}}""",
        """{"time":"2025-08-11T12:00:00.000Z","type":"platform.start","record":{"requestId":"3da1f2dc-3222-475e-9205-e2e6c6318895","version":"$LATEST","tracing":{"spanId":"54565fb41ac79632","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}}}""",
        """{"time":"2025-08-11T12:00:00.101Z","type":"function","record":"2025-08-11T12:00:00.101Z\t3da1f2dc-3222-475e-9205-e2e6c6318895\tINFO\torder accepted\n"}""",
        """{"time":"2025-08-11T12:00:00.102Z","type":"function","record":{"timestamp":"2025-08-11T12:00:00.102Z","level":"INFO","requestId":"3da1f2dc-3222-475e-9205-e2e6c6318895","message":"order accepted","nested":{"a":[1,2.5,"x"]}}}""",
        """{"time":"2025-08-11T12:00:00.103Z","type":"function","record":"java.lang.IllegalStateException: no\n"}""",
        """{"time":"2025-08-11T12:00:00.103Z","type":"function","record":"\tat com.example.Main.main(Main.java:1)\n"}""",
        """{"time":"2025-08-11T12:00:00.250Z","type":"platform.runtimeDone","record":{"requestId":"3da1f2dc-3222-475e-9205-e2e6c6318895","status":"success","metrics":{"durationMs":249.9,"producedBytes":1532},"spans":[{"name":"responseLatency","start":"2025-08-11T12:00:00.000Z","durationMs":244.1}]}}""",
        """{"time":"2025-08-11T12:00:00.262Z","type":"platform.report","record":{"requestId":"3da1f2dc-3222-475e-9205-e2e6c6318895","status":"success","metrics":{"durationMs":254.31,"billedDurationMs":718,"memorySizeMB":256,"maxMemoryUsedMB":123,"initDurationMs":463.512},"spans":[{"name":"extensionOverhead","start":"2025-08-11T12:00:00.250Z","durationMs":4.2}]}}""",
        """{"time":"2025-08-11T12:00:00.300Z","type":"platform.restoreStart","record":{"instanceId":"copy","instanceMaxMemory":512}}""",
        """{"time":"2025-08-11T12:00:00.300Z","type":"platform.logsDropped","record":{"droppedBytes":12345,"droppedRecords":123,"reason":"slow"}}""",
        """{"time":"2025-08-11T12:00:00.300Z","type":"platform.extension","record":{"name":"my-ext","state":"Ready","events":["INVOKE"]}}""",
        """{"time":"2025-08-11T12:00:00.300Z","type":"platform.tomorrow","record":{"any":"thing"}}""",
    ];

    private readonly Ledger _ledger = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TelemetryEndpoint _endpoint;
    private readonly TelemetryChannel _channel;
    private readonly DecodingDestination _destination = new();
    private readonly PayloadOutbox _outbox;
    private readonly Deliverer _delivery;

    /// <summary>Everything that leaves out or changes something.</summary>
    private static readonly Env Shaping = new()
    {
        ["TELEMETRY_EXTENSION_TRACES_SAMPLER"] = "traceidratio",
        ["TELEMETRY_EXTENSION_TRACES_SAMPLER_ARG"] = "0.1",
        ["TELEMETRY_EXTENSION_TRACES_KEEP"] = "none",
        ["TELEMETRY_EXTENSION_SAMPLE_LOGS"] = "true",
        ["TELEMETRY_EXTENSION_LOGS_PER_SECOND"] = "500",
        ["TELEMETRY_EXTENSION_LOGS_DROP"] = "IllegalState",
        ["TELEMETRY_EXTENSION_METRICS_DENY"] = "*.records.*",
        ["TELEMETRY_EXTENSION_REDACT"] = "default,email",
        ["TELEMETRY_EXTENSION_REDACT_PATTERNS"] = "acc[a-z]+",
        ["TELEMETRY_EXTENSION_REDACT_KEYS"] = "nested",
        ["TELEMETRY_EXTENSION_ATTRIBUTES"] = "hash faas.invocation_id, insert resource:a=b",
    };

    public TelemetryFuzzTests()
    {
        _channel = new TelemetryChannel(new(4096, 8 << 20), _ledger);
        _endpoint = new(new TelemetryBatchReader(_channel, new InvocationSignals(), _ledger), _time, static () => false, static () => { });
        _outbox = new PayloadOutbox([_destination], new OutboxOptions(SpoolMaxBytes: 0, MaxAge: TimeSpan.FromHours(1)), RetrySchedule.Default, _ledger, _time);
        _delivery = new Deliverer(_outbox, _time, () => 0.5);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public async Task AnyTelemetry_ThroughTheWholeWay_DecodesAndBalances(int seed, bool shaped)
    {
        var tracker = new InvocationTracker("orders");
        var shaper = PayloadShaper.For(ShapingOptions.From((shaped ? Shaping : []).Read()), tracker, _outbox.Add, _ledger, 100_000);
        Assert.Equal(shaped, shaper is not null);
        var none = new Env().Read();
        using var collector = new TelemetryCollector(
            _channel, tracker, new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")), new LogEncoder(shaper is null ? _outbox.Add : shaper.Add, _time),
            new MetricCollector(MetricOptions.From(none, DeliveryOptions.From(none)), _ledger, _time), _outbox, _ledger, _time,
            new TelemetryOptions(0, FollowSampling: false, PlatformLogs: true), shaper);
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        for (var round = 0; round < 2000 && watch.Elapsed < TimeSpan.FromSeconds(3); round++)
        {
            var records = Enumerable.Range(0, random.Next(1, 20)).Select(_ => Damage(Records[random.Next(Records.Length)], random));
            var body = Encoding.UTF8.GetBytes($"[{string.Join(',', records)}]");
            if (random.Next(4) == 0)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            Post(body);
            if (random.Next(3) == 0)
                collector.OnInvoke(new(random.Next(2) == 0 ? "" : "3da1f2dc-3222-475e-9205-e2e6c6318895", "arn", "Root=;Parent", 0));
            if (random.Next(3) == 0)
                await FlushAsync(collector);
        }

        _endpoint.Close();
        collector.Close("failure", hasTelemetry: true);
        await _delivery.DeliverAsync(DeliveryMode.Drain, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.All(Enum.GetValues<LedgerAccount>(), account => Assert.Equal((account, 0), (account, _ledger[account].Buffered)));
        Assert.Equal(_ledger[LedgerAccount.Traces].Exported, _destination.Spans);
        // Joined lines are one record, but count as all of them.
        Assert.InRange(_destination.LogRecords, 1, _ledger[LedgerAccount.Logs].Exported);
        Assert.Equal(_ledger[LedgerAccount.Metrics].Exported, _destination.Points);
        Assert.Equal(
            (shaped, shaped, shaped, shaped),
            (_ledger[LedgerAccount.Traces].Sampled > 0, _ledger[LedgerAccount.Logs].Filtered > 0, _ledger[LedgerAccount.Metrics].Filtered > 0, _ledger[LedgerAccount.Logs].Redacted > 0));
    }

    public void Dispose()
    {
        _delivery.Dispose();
        _outbox.Dispose();
    }

    private async Task FlushAsync(TelemetryCollector collector)
    {
        collector.Collect();
        await _delivery.DeliverAsync(DeliveryMode.Once, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private void Post(byte[] bytes)
    {
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        _endpoint.Read(body);
    }

    /// <summary>Removes or replaces a value or a whole field, and damages names and texts with what JSON allows.</summary>
    private static string Damage(string record, Random random)
    {
        for (var hits = random.Next(3); hits > 0; hits--)
        {
            var colons = Enumerable.Range(0, record.Length - 1).Where(i => record[i] == ':' && record[i - 1] == '"').ToArray();
            if (colons.Length == 0)
                return record;
            var colon = colons[random.Next(colons.Length)];
            var end = record.IndexOfAny([',', '}'], colon);
            if (end > 0)
                record = string.Concat(record.AsSpan(0, colon + 1), Values[random.Next(Values.Length)], record.AsSpan(end));
        }

        if (random.Next(3) > 0)
            return record;
        // A letter becomes an escape: of itself, of a lone surrogate, or of a control character.
        var letters = Enumerable.Range(0, record.Length).Where(i => char.IsAsciiLetter(record[i]) && (i == 0 || record[i - 1] != '\\')).ToArray();
        var at = letters[random.Next(letters.Length)];
        var escape = random.Next(4) switch { 0 => $"\\u{(int)record[at]:x4}", 1 => "\\u0000", _ => "\\ud800" };
        return string.Concat(record.AsSpan(0, at), escape, record.AsSpan(at + 1));
    }

    /// <summary>Collects everything, and decodes it with code that is independent of the encoders.</summary>
    private sealed class DecodingDestination : IDestination
    {
        private readonly Lock _gate = new();

        public string Name => "decoding";

        public long Spans { get; private set; }

        public long LogRecords { get; private set; }

        public long Points { get; private set; }

        public bool Accepts(Signal signal) => true;

        public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
        {
            lock (_gate)
                Decode(payload);
            return ValueTask.FromResult(new DeliveryResult(DeliveryStatus.Delivered));
        }

        private void Decode(OtlpPayload payload)
        {
            switch (payload.Signal)
            {
                case Signal.Traces:
                    Spans += payload.Spans().Count;
                    break;
                case Signal.Logs:
                    LogRecords += payload.LogRecords().Count;
                    break;
                default:
                    Points += payload.Metrics().Sum(metric => (metric.Sum?.DataPoints.Count ?? 0) + (metric.Gauge?.DataPoints.Count ?? 0) + (metric.Histogram?.DataPoints.Count ?? 0));
                    break;
            }
        }
    }
}
