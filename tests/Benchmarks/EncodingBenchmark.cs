using System.Diagnostics;
using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.Spans;

namespace Benchmarks;

/// <summary>
/// Reads batches of 1 MiB as the Telemetry API sends them and converts them into OTLP. Measures CPU time of this process, not wall time, as the median of
/// rounds. Run it pinned to one core: <c>taskset -c 0 Benchmarks encoding</c>.
/// </summary>
internal static class EncodingBenchmark
{
    private const int BatchBytes = 1 << 20;

    /// <summary>Payloads stay below the large object heap (85 kB). How often that is collected, and its pages touched anew, changes from build to build.</summary>
    private const int PayloadBytes = 60_000;
    private const int Rounds = 15;
    private const int BatchesPerRound = 100;

    public static void Run()
    {
        Console.WriteLine("| records | work | k records per CPU s | bytes allocated per record | bytes per record in, out |");
        Console.WriteLine("|---|---|---|---|---|");
        Measure("text lines", i => "\"2025-08-11T12:00:00.101Z\\t3da1f2dc-3222-475e-9205-e2e6c6318895\\tINFO\\torder " + i + " accepted for customer 4711, 3 items, total 59.90 EUR\\n\"");
        Measure("print lines", i => "\"order " + i + " accepted for customer 4711, 3 items, total 59.90 EUR\\n\"");
        Measure("JSON lines", i => "{\"timestamp\":\"2025-08-11T12:00:00.102Z\",\"level\":\"INFO\",\"requestId\":\"3da1f2dc-3222-475e-9205-e2e6c6318895\","
            + "\"message\":\"order " + i + " accepted\",\"customer\":4711,\"total\":59.9,\"currency\":\"EUR\",\"express\":true}");
        MeasurePlatform();
    }

    /// <summary>Converts start, runtimeDone and report of invocations into the spans that the official exporter encodes: five per invocation.</summary>
    private static void MeasurePlatform()
    {
        var body = PlatformBatch(out var records);
        var sink = new Sink(body);
        var reader = new TelemetryBatchReader(sink, sink, new Ledger());
        using var export = new SpanExport(LambdaResource.Create(new(FunctionName: "orders"), new(), "instance", new()));
        var tracker = new InvocationTracker("orders");
        var encoded = 0;

        void Read()
        {
            sink.Count = 0;
            reader.Read(body, 1_754_913_600_000_000_000);
        }

        void Apply()
        {
            tracker = new InvocationTracker("orders");
            for (var i = 0; i < sink.Count; i++)
                tracker.Apply(PlatformEventReader.Read(sink.Items[i].Memory, 0)!);
        }

        void Encode()
        {
            encoded = 0;
            for (var from = 0; from < tracker.Spans.Count; from += 128)
                encoded += export.Encode([.. tracker.Spans.Skip(from).Take(128)], DateTimeOffset.UnixEpoch)!.Body.Length;
        }

        Read();
        Apply();
        Encode();
        if (sink.Count != records || tracker.Spans.Count(span => span.Kind == ActivityKind.Server) != records / 3)
            throw new InvalidOperationException($"{sink.Count} read of {records}, {tracker.Spans.Count} spans");
        var size = $"{body.Length / records}, {encoded / records}";
        Report("platform events", "read", records, Read, size, 0);
        Report("platform events", "to spans", records, Apply, size, 0);
        Report("platform events", "read to encoded", records, () =>
        {
            Read();
            Apply();
            Encode();
        }, size, encoded);
    }

    private static PooledBody PlatformBatch(out int records)
    {
        var text = new StringBuilder("[");
        for (records = 0; text.Length < BatchBytes; records += 3)
        {
            var id = $"3da1f2dc-3222-475e-9205-{records:x12}";
            var start = $"{{\"time\":\"2025-08-11T12:00:00.000Z\",\"type\":\"platform.start\",\"record\":{{\"requestId\":\"{id}\",\"version\":\"$LATEST\"}}}}";
            text.Append(records == 0 ? "" : ",").Append(start).Append(",{\"time\":\"2025-08-11T12:00:00.120Z\",\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"").Append(id)
                .Append("""
                    ","status":"success","metrics":{"durationMs":120.0,"producedBytes":64},"spans":[
                    {"name":"responseLatency","start":"2025-08-11T12:00:00.001Z","durationMs":100.1},
                    {"name":"responseDuration","start":"2025-08-11T12:00:00.101Z","durationMs":1.2},
                    {"name":"runtimeOverhead","start":"2025-08-11T12:00:00.103Z","durationMs":0.8}]}}
                    """)
                .Append(",{\"time\":\"2025-08-11T12:00:00.140Z\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"").Append(id)
                .Append("""
                    ","status":"success","spans":[{"name":"extensionOverhead","start":"2025-08-11T12:00:00.120Z","durationMs":19.5}],
                    "metrics":{"durationMs":139.5,"billedDurationMs":140,"memorySizeMB":128,"maxMemoryUsedMB":64}}}
                    """);
        }

        var bytes = Encoding.UTF8.GetBytes(text.Append(']').ToString());
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        return body;
    }

    /// <summary>The cost of metrics for an invocation: reading /proc at its start and end, and the payload.</summary>
    public static void RunMetrics()
    {
        const int times = 2000;
        var reader = new EnvironmentReader();
        var metrics = new MetricAggregator(0);
        var resource = LambdaResource.Encode(LambdaResource.Create(new(FunctionName: "orders"), new(), "instance", new()));
        var start = reader.ReadStart();
        Console.WriteLine("| work | CPU us |");
        Console.WriteLine("|---|---|");
        Time("/proc at the start of an invocation", times, () => start = reader.ReadStart());
        Time("/proc and /tmp at its end (processes on this machine: " + Directory.EnumerateDirectories("/proc").Count() + ")", times / 10, () => reader.Read());
        Time("record 15 metrics, collect, encode", times, () =>
        {
            foreach (var metric in FaasMetrics.All.Where(metric => metric.Kind == MetricKind.Histogram))
                metrics.Record(metric, 0.25, 1000);
            metrics.Add(FaasMetrics.Invocations, 1, 1000);
            MetricEncoder.Encode(metrics.Collect(), metrics.Temporality, resource, default);
        });
    }

    private static void Time(string work, int times, Action action)
    {
        var samples = new double[5];
        for (var round = 0; round < samples.Length; round++)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < times; i++)
                action();
            samples[round] = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / times;
        }

        Array.Sort(samples);
        Console.WriteLine($"| {work} | {samples[samples.Length / 2]:0.0} |");
    }

    private static void Measure(string name, Func<int, string> record)
    {
        var body = Batch(record, out var records);
        var sink = new Sink(body);
        var ledger = new Ledger();
        var reader = new TelemetryBatchReader(sink, sink, ledger);
        var (encoded, bytes) = (0, 0);
        var lookup = new Lookup();
        using var encoder = new LogEncoder(Take, TimeProvider.System, PayloadBytes);
        encoder.SetResource(LambdaResource.Encode(LambdaResource.Create(new(FunctionName: "orders"), new(), "instance", new())));

        void Take(OtlpPayload payload)
        {
            encoded += payload.Records;
            bytes += payload.Body.Length;
        }

        void Read()
        {
            sink.Count = 0;
            reader.Read(body, 1_754_913_600_000_000_000);
        }

        void Encode()
        {
            (encoded, bytes) = (0, 0);
            for (var i = 0; i < sink.Count; i++)
                encoder.Append(sink.Items[i], lookup);
            encoder.Flush();
        }

        Read();
        Encode();
        if (sink.Count != records || encoded != records)
            throw new InvalidOperationException($"{sink.Count} read and {encoded} encoded of {records}");
        var size = $"{body.Length / records}, {bytes / records}";
        Report(name, "read", records, Read, size, 0);
        Report(name, "encode", records, Encode, size, bytes);
        Report(name, "read to encoded", records, () =>
        {
            Read();
            Encode();
        }, size, bytes);
    }

    /// <param name="payload">The size of the payload itself, which is allocated once per batch, not per record.</param>
    private static void Report(string name, string work, int records, Action batch, string size, int payload)
    {
        var rates = new double[Rounds];
        long allocated = 0;
        for (var round = -2; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var cpu = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < BatchesPerRound; i++)
                batch();
            var spent = Environment.CpuUsage.TotalTime - cpu;
            if (round < 0)
                continue;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before - ((long)payload * BatchesPerRound);
            rates[round] = records * BatchesPerRound / spent.TotalSeconds / 1000;
        }

        Array.Sort(rates);
        Console.WriteLine($"| {name} | {work} | {rates[Rounds / 2]:0} ({rates[0]:0} to {rates[^1]:0}) | {(double)allocated / records / BatchesPerRound:0.00} | {size} |");
    }

    private static PooledBody Batch(Func<int, string> record, out int records)
    {
        var text = new StringBuilder("[");
        for (records = 0; text.Length < BatchBytes; records++)
            text.Append(records == 0 ? "" : ",").Append("{\"time\":\"2025-08-11T12:00:00.101Z\",\"type\":\"function\",\"record\":").Append(record(records)).Append('}');
        var bytes = Encoding.UTF8.GetBytes(text.Append(']').ToString());
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        return body;
    }

    /// <summary>Keeps the items of one batch. Replaces the channel, which has its own benchmark.</summary>
    private sealed class Sink(PooledBody body) : ITelemetrySink, IInvocationSignals
    {
        public TelemetryItem[] Items { get; } = new TelemetryItem[BatchBytes / 64];

        public int Count { get; set; }

        public bool TryWrite(in TelemetryItem item)
        {
            body.Release();
            Items[Count++] = item;
            return true;
        }

        public void RuntimeDone(string? requestId, bool failed)
        {
        }

        public void Reported(string? requestId, bool failed)
        {
        }
    }

    private sealed class Lookup : IInvocationLookup
    {
        private readonly InvocationContext _open = new("3da1f2dc-3222-475e-9205-e2e6c6318895", ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), true);

        public InvocationContext? OpenAt(long time) => _open;

        public InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8) => null;

        public void OnDurableExecution(InvocationContext invocation, string arn)
        {
        }

        public void OnFailure(InvocationContext invocation, ReadOnlySpan<byte> message)
        {
        }
    }
}
