using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Proto.Collector.Logs.V1;
using TelemetryExtension.Tests.Processing.Spans;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>Compares with the same records from the official SDK and exporter: the decoded fields must agree, and the payload must not be larger.</summary>
public class LogOracleTests
{
    private static readonly string[] TwoStrings = ["p", "q"];

    [Fact]
    public void Records_AgreeWithTheOfficialExporter()
    {
        var cases = new (LogLevel Level, string Body, KeyValuePair<string, object?>[] Attributes)[]
        {
            (LogLevel.Information, "order accepted", [new("n", 5L), new("neg", -5L), new("d", 1.5), new("b", true), new("s", "ü \"x\"\n🚀")]),
            (LogLevel.Warning, new string('x', 200), [new("a", TwoStrings)]),
            (LogLevel.Error, "", [new("big", 9007199254740993L), new("long", new string('y', 20_000))]),
            (LogLevel.Critical, "tab\there", []),
        };
        var official = Official(cases);
        var encoding = new LogEncoding();
        var ours = encoding.Encode(cases.Select(Json).ToArray());
        var expected = official.ResourceLogs.Single().ScopeLogs.Single().LogRecords;
        Assert.Equal(cases.Length, ours.Count);
        for (var i = 0; i < ours.Count; i++)
        {
            // The SDK has no attribute for the invocation. Everything else must be the same.
            var invocation = ours[i].Attributes.Single(pair => pair.Key == "faas.invocation_id");
            ours[i].Attributes.Remove(invocation);
            Assert.Equal(Sorted(expected[i]), Sorted(ours[i]));
        }

        var body = Assert.Single(encoding.Payloads).Body;
        Assert.Equal(body.Length, ExportLogsServiceRequest.Parser.ParseFrom(body.Span).CalculateSize());
    }

    private static string Sorted(OpenTelemetry.Proto.Logs.V1.LogRecord record)
    {
        var copy = record.Clone();
        copy.ObservedTimeUnixNano = 0; // The SDK's own clock.
        copy.Attributes.Clear();
        copy.Attributes.AddRange(record.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        return copy.ToString();
    }

    private static string Json((LogLevel Level, string Body, KeyValuePair<string, object?>[] Attributes) record)
    {
        var fields = new Dictionary<string, object?>
        {
            ["timestamp"] = "2025-08-11T12:00:00.102Z",
            ["level"] = record.Level.ToString(),
            ["requestId"] = Id,
            ["message"] = record.Body,
        };
        foreach (var (key, value) in record.Attributes)
            fields.Add(key, value);
        return System.Text.Json.JsonSerializer.Serialize(fields);
    }

    private static ExportLogsServiceRequest Official((LogLevel Level, string Body, KeyValuePair<string, object?>[] Attributes)[] cases)
    {
        using var handler = new CapturingHandler();
        var options = new OtlpExporterOptions { Protocol = OtlpExportProtocol.HttpProtobuf, HttpClientFactory = () => new(handler, false) };
        using (var factory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddOpenTelemetry(telemetry => telemetry
            .AddProcessor(new Stamp())
            .AddProcessor(new BatchLogRecordExportProcessor(new OtlpLogExporter(options))))))
        {
            var logger = factory.CreateLogger("oracle");
            foreach (var (level, body, attributes) in cases)
                logger.Log(level, default, attributes, null, (_, _) => body);
        }

        return ExportLogsServiceRequest.Parser.ParseFrom(handler.Bodies.SelectMany(bytes => bytes).ToArray());
    }

    private sealed class Stamp : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data)
        {
            data.Timestamp = new DateTime(2025, 8, 11, 12, 0, 0, 102, DateTimeKind.Utc);
            data.TraceId = First.TraceId;
            data.SpanId = First.SpanId;
            data.TraceFlags = System.Diagnostics.ActivityTraceFlags.Recorded;
            data.Body = data.FormattedMessage;
        }
    }
}
