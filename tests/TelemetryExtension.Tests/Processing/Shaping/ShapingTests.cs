using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Shaping;
using TelemetryExtension.Tests.Configuration;
using Span = OpenTelemetry.Proto.Trace.V1.Span;

namespace TelemetryExtension.Tests.Processing.Shaping;

/// <summary>Applies the settings of filters, attributes and redaction to whole requests.</summary>
public sealed class ShapingTests
{
    private const ulong Second = 1_000_000_000;
    private const string Prefix = "TELEMETRY_EXTENSION_";

    private static readonly double[] Times = [10.0, 10.1, 11.0, 10.2, 10.3, 11.1, 12.9, 11.2];
    private static readonly string[] MetricNames = ["faas.errors", "FaaS.mem_usage", "faas.cpu_usage", "other"];

    private readonly Ledger _ledger = new();
    private readonly List<OtlpPayload> _sent = [];

    [Fact]
    public void MinSeverity_LeavesOutWhatIsBelow_AndKeepsTheUnknown()
    {
        var logs = Logs(new() { ["LOGS_MIN_SEVERITY"] = "Warn" }, Log("trace", 1), Log("info", 12), Log("warn", 13), Log("fatal", 24), Log("unknown", 0));

        Assert.Equal(["warn", "fatal", "unknown"], Bodies(logs));
        Assert.Equal((2, 3), (_ledger[LedgerAccount.Logs].Filtered, _ledger[LedgerAccount.Logs].Buffered));
    }

    [Fact]
    public void Drop_Patterns_LeaveOutWhatMatchesOneOfThem()
    {
        var logs = Logs(new() { ["LOGS_DROP"] = @"(?i)^GET\s/health ü{2}" }, Log("get /health 200"), Log("x GET /health"), Log("aüüb"), Log("aüb"), new LogRecord());

        Assert.Equal(["x GET /health", "aüb", ""], Bodies(logs));
    }

    [Fact]
    public void ReportLines_TurnedOff_LeaveTextAndEvents()
    {
        var logs = Logs(
            new() { ["LOGS_REPORT_LINES"] = "false" }, Log("START RequestId: 1 Version: 2"), Log("END RequestId: 1"), Log("REPORT RequestId: 1\tDuration: 1 ms"),
            new LogRecord { EventName = "platform.report" }, new LogRecord { EventName = "platform.initStart" }, Log("REPORTED"));

        Assert.Equal(["", "REPORTED"], Bodies(logs));
    }

    [Fact]
    public void PerSecond_IsALimitOfEachSecondOfTheRecordsTimes()
    {
        var logs = Logs(new() { ["LOGS_PER_SECOND"] = "2" }, [.. Times.Select(time => Log($"{time}", time: (ulong)(time * Second)))]);

        Assert.Equal(["10", "10.1", "11", "11.1", "12.9"], Bodies(logs));
        Assert.Equal(3, _ledger[LedgerAccount.Logs].Filtered);
    }

    [Fact]
    public void Metrics_AllowedAndNotDenied_AreSent()
    {
        var request = new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics() } } } };
        request.ResourceMetrics[0].ScopeMetrics[0].Metrics.AddRange(
            MetricNames.Select(name => new Metric
            {
                Name = name,
                Gauge = new Gauge { DataPoints = { new NumberDataPoint { AsInt = 1 }, new NumberDataPoint { AsInt = 2 } } },
            }));

        Shape(Signal.Metrics, request, 8, new() { ["METRICS_ALLOW"] = "faas.*", ["METRICS_DENY"] = "*CPU*,nothing" });

        var sent = ExportMetricsServiceRequest.Parser.ParseFrom(Assert.Single(_sent).Body.Span);
        Assert.Equal(["faas.errors", "FaaS.mem_usage"], sent.ResourceMetrics[0].ScopeMetrics[0].Metrics.Select(metric => metric.Name));
        Assert.Equal((4, 4L), (_sent[0].Records, _ledger[LedgerAccount.Metrics].Filtered));
    }

    [Fact]
    public void NothingLeft_SendsNothing()
    {
        Assert.Empty(Logs(new() { ["LOGS_MIN_SEVERITY"] = "fatal" }, Log("a", 9)));
        Assert.Empty(_sent);
    }

    [Fact]
    public void Attributes_EveryAction_DoesWhatTheCollectorsDoes()
    {
        var record = Log("x");
        record.Attributes.Add([Pair("a", "1"), Pair("b", "2"), Pair("http.cookie", "c"), Pair("http.agent", "d"), Number("user.id", 4711), Pair("uid", "new"), Pair("target", "old")]);
        var sent = Assert.Single(Logs(
            new() { ["ATTRIBUTES"] = "insert a=x,insert n=y%2C%20z, update b=3, update none=1,UPSERT c=4, delete http.*, hash user.id, rename uid=target, rename none=t, insert resource:team=pay" },
            record));

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["a"] = "1",
                ["n"] = "y, z",
                ["b"] = "3",
                ["c"] = "4",
                ["target"] = "new",
                ["user.id"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("4711"u8)),
            },
            sent.Attributes.ToDictionary(pair => pair.Key, pair => pair.Value.StringValue));
        Assert.Equal("pay", Assert.Single(ResourceOf(_sent[0]).Attributes, pair => pair.Key == "team").Value.StringValue);
    }

    [Fact]
    public void Attributes_OfAResourceThatIsMissing_AreAdded()
    {
        var request = Request(Log("x"));
        request.ResourceLogs[0].Resource = null;
        Shape(Signal.Logs, request, 1, new() { ["ATTRIBUTES"] = "insert resource:team=pay" });

        Assert.Equal("team", Assert.Single(ResourceOf(_sent[0]).Attributes).Key);
    }

    [Fact]
    public void Redact_EverywhereTextMayStand_InSpansAndLogs()
    {
        const string Key = "AKIAIOSFODNN7EXAMPLE";
        var nested = new AnyValue
        {
            KvlistValue = new KeyValueList
            {
                Values = { Pair("inner", Key), Pair("Password", "1"), new KeyValue { Key = "list", Value = new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = Key }, new AnyValue { IntValue = 1 } } } } } },
            },
        };
        var span = new Span
        {
            TraceId = Bytes(16),
            SpanId = Bytes(8),
            Name = $"get {Key}",
            TraceState = "a=b",
            StartTimeUnixNano = 1,
            EndTimeUnixNano = 2,
            Attributes = { Pair("k", Key), new KeyValue { Key = "map", Value = nested }, Pair("Api.PassWord", "secret"), Number("n", 5) },
            Events = { new Span.Types.Event { Name = Key, Attributes = { Pair("exception.message", Key) } } },
            Links = { new Span.Types.Link { TraceId = Bytes(16), SpanId = Bytes(8), Attributes = { Pair("k", Key) } } },
            Status = new Status { Message = Key, Code = Status.Types.StatusCode.Error },
        };
        var request = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { Resource = new Resource { Attributes = { Pair("process.command", Key) } }, ScopeSpans = { new ScopeSpans { Scope = new InstrumentationScope { Name = "n", Attributes = { Pair("k", Key) } }, Spans = { span } } } } },
        };
        var settings = new Env { ["REDACT"] = "aws", ["REDACT_KEYS"] = "*password" };
        Shape(Signal.Traces, request, 1, settings);
        var log = Assert.Single(Logs(settings, new LogRecord { Body = nested, Attributes = { Pair("k", Key) } }));

        var expected = request.ToString().Replace(Key, "[redacted:aws]", StringComparison.Ordinal)
            .Replace("\"secret\"", "\"[redacted:key]\"", StringComparison.Ordinal).Replace("\"Password\", \"value\": { \"stringValue\": \"1\"", "\"Password\", \"value\": { \"stringValue\": \"[redacted:key]\"", StringComparison.Ordinal);
        Assert.Equal(expected, ExportTraceServiceRequest.Parser.ParseFrom(_sent[0].Body.Span).ToString());
        // In the request ten keys, and two values because of their names; in the record three and one.
        Assert.Equal((12, 4), (_ledger[LedgerAccount.Traces].Redacted, _ledger[LedgerAccount.Logs].Redacted));
        Assert.DoesNotContain(Key, log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_NothingFound_LeavesTheRequestAsItIs()
    {
        var request = Request(Log("hello", 9, 5), Log("world"));
        Shape(Signal.Logs, request, 2, new() { ["REDACT"] = "default" });

        Assert.Equal(request.ToByteArray(), _sent[0].Body.ToArray());
        Assert.Equal(0, _ledger[LedgerAccount.Logs].Redacted);
    }

    [Theory]
    [InlineData("LOGS_MIN_SEVERITY", "loud")]
    [InlineData("LOGS_PER_SECOND", "-1")]
    [InlineData("LOGS_DROP", "(")]
    [InlineData("LOGS_DROP", "a*")]
    [InlineData("LOGS_DROP", "(?=a)b")]
    [InlineData("LOGS_REPORT_LINES", "no")]
    [InlineData("METRICS_ALLOW", "a*b")]
    [InlineData("METRICS_DENY", "***")]
    [InlineData("REDACT", "passwords")]
    [InlineData("REDACT_PATTERNS", "[z-a]")]
    [InlineData("REDACT_KEYS", "a*b*c")]
    [InlineData("ATTRIBUTES", "delete")]
    [InlineData("ATTRIBUTES", "upsert a")]
    [InlineData("ATTRIBUTES", "1 a=b")]
    [InlineData("ATTRIBUTES", "rename a=")]
    [InlineData("ATTRIBUTES", "drop a")]
    public void Settings_SomethingWrong_IsNamedAndChangesNothing(string name, string value)
    {
        var problems = new SettingProblems();
        Assert.Null(PayloadShaper.For(Options(new() { [name] = value }, problems), new InvocationTracker("orders"), _sent.Add, _ledger, 1000));
        Assert.StartsWith($"{Prefix}{name}='{value}'", Assert.Single(problems.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_OneOfSeveralWrong_CostsOnlyItself()
    {
        var problems = new SettingProblems();
        var options = Options(new() { ["REDACT_PATTERNS"] = "abc ( def", ["ATTRIBUTES"] = "delete a,nonsense,delete b", ["METRICS_DENY"] = "a*b,c" }, problems);

        Assert.Equal((2, 2), (options.Redaction.Patterns.Count, options.Attributes.Actions.Count));
        Assert.True(options.MetricsDenied.Contains("c"u8));
        Assert.Equal(3, problems.Messages.Count);
    }

    private static ShapingOptions Options(Env settings, SettingProblems? problems = null)
    {
        var named = new Env();
        foreach (var (name, value) in settings)
            named[Prefix + name] = value;
        return ShapingOptions.From(named.Read(problems));
    }

    private IReadOnlyList<LogRecord> Logs(Env settings, params LogRecord[] records)
    {
        var before = _sent.Count;
        Shape(Signal.Logs, Request(records), records.Length, settings);
        return [.. _sent.Skip(before).SelectMany(payload => ExportLogsServiceRequest.Parser.ParseFrom(payload.Body.Span).ResourceLogs)
            .SelectMany(resource => resource.ScopeLogs).SelectMany(scope => scope.LogRecords)];
    }

    private void Shape(Signal signal, IMessage request, int records, Env settings)
    {
        using var shaper = PayloadShaper.For(Options(settings), new InvocationTracker("orders"), _sent.Add, _ledger, 1000)!;
        _ledger.Received((LedgerAccount)signal, records);
        shaper.Add(new(signal, request.ToByteArray(), records, default));
    }

    private static ExportLogsServiceRequest Request(params LogRecord[] records)
    {
        var scope = new ScopeLogs { SchemaUrl = "s" };
        scope.LogRecords.AddRange(records);
        return new() { ResourceLogs = { new ResourceLogs { Resource = new Resource { Attributes = { Pair("service.name", "x") } }, ScopeLogs = { scope } } } };
    }

    private static Resource ResourceOf(OtlpPayload payload) => ExportLogsServiceRequest.Parser.ParseFrom(payload.Body.Span).ResourceLogs[0].Resource;

    private static IEnumerable<string> Bodies(IEnumerable<LogRecord> records) => records.Select(record => record.Body?.StringValue ?? "");

    private static LogRecord Log(string text, int severity = 9, ulong time = Second) =>
        new() { Body = new AnyValue { StringValue = text }, SeverityNumber = (SeverityNumber)severity, TimeUnixNano = time };

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static KeyValue Number(string key, long value) => new() { Key = key, Value = new AnyValue { IntValue = value } };

    private static ByteString Bytes(int count) => ByteString.CopyFrom([.. Enumerable.Range(1, count).Select(i => (byte)i)]);
}
