using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Otlp;

public sealed class OtlpSplitTests
{
    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(1, 1, 7)]
    [InlineData(1, 3, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(5, 2, 3)]
    public void TryHalve_Logs_BothHalvesTogetherSayTheSame(int resources, int scopes, int records)
    {
        var request = LogPayload(resources, scopes, records);
        var (first, second) = OtlpSplit.TryHalve(Signal.Logs, request.ToByteArray())!.Value;
        var all = Flat(request);
        var one = Flat(ExportLogsServiceRequest.Parser.ParseFrom(first.Span));
        var other = Flat(ExportLogsServiceRequest.Parser.ParseFrom(second.Span));
        Assert.NotEmpty(one);
        Assert.NotEmpty(other);
        Assert.Equal(all, one.Concat(other));
        Assert.Equal(one.Count, OtlpSplit.CountRecords(Signal.Logs, first.Span));
        Assert.Equal(other.Count, OtlpSplit.CountRecords(Signal.Logs, second.Span));
    }

    [Fact]
    public void TryHalve_OneRecord_IsNull() => Assert.Null(OtlpSplit.TryHalve(Signal.Logs, LogPayload(1, 1, 1).ToByteArray()));

    [Theory]
    [InlineData("")]
    [InlineData("0a05")]
    [InlineData("ffff")]
    [InlineData("0a04ffffffff")]
    public void TryHalve_Unreadable_IsNull(string request) => Assert.Null(OtlpSplit.TryHalve(Signal.Logs, Convert.FromHexString(request)));

    [Fact]
    public void CountRecords_Metrics_CountsPointsOfEveryKind()
    {
        var scope = new ScopeMetrics();
        scope.Metrics.Add(new Metric { Gauge = new() { DataPoints = { new NumberDataPoint(), new NumberDataPoint() } } });
        scope.Metrics.Add(new Metric { Sum = new() { DataPoints = { new NumberDataPoint() } } });
        scope.Metrics.Add(new Metric { Histogram = new() { DataPoints = { new HistogramDataPoint() } } });
        scope.Metrics.Add(new Metric { ExponentialHistogram = new() { DataPoints = { new ExponentialHistogramDataPoint() } } });
        scope.Metrics.Add(new Metric { Summary = new() { DataPoints = { new SummaryDataPoint() } } });
        var request = new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { scope } } } };
        Assert.Equal(6, OtlpSplit.CountRecords(Signal.Metrics, request.ToByteArray()));
    }

    private static ExportLogsServiceRequest LogPayload(int resources, int scopes, int records)
    {
        var request = new ExportLogsServiceRequest();
        for (var r = 0; r < resources; r++)
        {
            var resource = new ResourceLogs { SchemaUrl = "schema", Resource = new() { DroppedAttributesCount = (uint)r + 1 } };
            for (var s = 0; s < scopes; s++)
            {
                var scope = new ScopeLogs { Scope = new InstrumentationScope { Name = $"scope{s}" }, SchemaUrl = "scope schema" };
                for (var i = 0; i < records; i++)
                    scope.LogRecords.Add(new LogRecord { Body = new AnyValue { StringValue = $"{r}.{s}.{i}" } });
                resource.ScopeLogs.Add(scope);
            }

            request.ResourceLogs.Add(resource);
        }

        return request;
    }

    private static List<string> Flat(ExportLogsServiceRequest request) =>
    [
        .. from resource in request.ResourceLogs
           from scope in resource.ScopeLogs
           from record in scope.LogRecords
           select $"{resource.Resource.DroppedAttributesCount} {resource.SchemaUrl} {scope.Scope.Name} {scope.SchemaUrl} {record.Body.StringValue}",
    ];
}
