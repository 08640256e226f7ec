using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Shaping;

namespace Benchmarks;

/// <summary>
/// What filters, redaction and changed attributes cost for a log record, by setting. Without any there is no shaper, and a payload goes to the outbox
/// as it is. Counts CPU time of this process; the median of rounds. Run it pinned to one core: <c>taskset -c 0 Benchmarks shaping</c>.
/// </summary>
internal static class ShapingBenchmark
{
    private const int Records = 1000;
    private const int Rounds = 15;
    private const int PayloadsPerRound = 50;

    public static void Run()
    {
        Console.WriteLine("| setting | ns CPU per record | bytes allocated per record |");
        Console.WriteLine("|---|--:|--:|");
        Measure("none");
        Measure("`TRACES_SAMPLER`, logs follow", ("TRACES_SAMPLER", "traceidratio"), ("TRACES_SAMPLER_ARG", "0.5"), ("SAMPLE_LOGS", "true"));
        Measure("`LOGS_MIN_SEVERITY`, nothing below", ("LOGS_MIN_SEVERITY", "info"));
        Measure("`LOGS_DROP`, nothing matches", ("LOGS_DROP", "^GET\\s/health"));
        Measure("`REDACT` = `default`, nothing found", ("REDACT", "default"));
        Measure("`REDACT` = `default,email`, nothing found", ("REDACT", "default,email"));
        Measure("`REDACT_PATTERNS`, nothing found", ("REDACT_PATTERNS", "cus_[0-9a-f]{12,}"));
        Measure("`REDACT_KEYS`, nothing found", ("REDACT_KEYS", "password,*token"));
        Measure("`ATTRIBUTES`, one action", ("ATTRIBUTES", "insert env=prod"));
    }

    private static void Measure(string name, params (string Name, string Value)[] settings)
    {
        var variables = new Variables(asked => settings.FirstOrDefault(setting => "TELEMETRY_EXTENSION_" + setting.Name == asked).Value, new SettingProblems());
        var sent = 0;
        void Send(OtlpPayload payload) => sent += payload.Records;
        using var shaper = PayloadShaper.For(ShapingOptions.From(variables), new InvocationTracker("orders"), Send, new Ledger(), 1 << 20);
        Action<OtlpPayload> add = shaper is null ? Send : shaper.Add;
        var payload = Payload();
        var times = new double[Rounds];
        long allocated = 0;
        for (var round = -2; round < Rounds; round++)
        {
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            var cpu = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < PayloadsPerRound; i++)
                add(payload);
            var spent = Environment.CpuUsage.TotalTime - cpu;
            if (round < 0)
                continue;
            times[round] = spent.TotalNanoseconds / PayloadsPerRound / Records;
            allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
        }

        if (sent == 0)
            throw new InvalidOperationException($"{name}: nothing was sent");
        Array.Sort(times);
        Console.WriteLine($"| {name} | {times[Rounds / 2]:0.0} | {(double)allocated / PayloadsPerRound / Records:0} |");
    }

    /// <summary>Records as the extension makes them of ordinary lines, of many traces.</summary>
    private static OtlpPayload Payload()
    {
        using var writer = new OtlpWriter();
        for (var i = 0; i < Records; i++)
        {
            var record = writer.Open(OtlpFields.Scope.Items, 256);
            writer.Varint(OtlpFields.LogRecord.SeverityNumber, 9);
            writer.Bytes(OtlpFields.LogRecord.SeverityText, "INFO"u8);
            writer.StringValue(OtlpFields.LogRecord.Body, Encoding.UTF8.GetBytes($"order {i} accepted for customer 4711, 3 items, total 59.90 EUR, basket 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"));
            writer.Attribute(OtlpFields.LogRecord.Attributes, "faas.invocation_id"u8, "3da1f2dc-3222-475e-9205-e2e6c6318895"u8);
            writer.Bytes(OtlpFields.LogRecord.TraceId, Guid.NewGuid().ToByteArray());
            writer.Fixed64(OtlpFields.LogRecord.Time, 1_754_913_600_000_000_000);
            writer.Close(record);
        }

        var scope = OtlpRequest.EncodeScope("benchmark", "1");
        return new(Signal.Logs, OtlpRequest.Build([], scope, writer.Written, []), Records, DateTimeOffset.UnixEpoch);
    }
}
