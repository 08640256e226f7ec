using System.Text;
using OpenTelemetry.Proto.Collector.Logs.V1;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Tests.Otlp;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

public class LogEncoderTests
{
    [Fact]
    public void Flush_NothingAppended_NoPayload()
    {
        var encoding = new LogEncoding();
        Assert.Empty(encoding.Encode([]));
        Assert.Empty(encoding.Payloads);
    }

    [Fact]
    public void Payload_HasResourceScopeAndSchema()
    {
        var encoding = new LogEncoding();
        encoding.Encode("\"a\"");
        var resource = Assert.Single(ExportLogsServiceRequest.Parser.ParseFrom(Assert.Single(encoding.Payloads).Body.Span).ResourceLogs);
        Assert.Equal("demo", resource.Resource.Attributes.Single().Value.StringValue);
        var scope = resource.ScopeLogs.Single();
        Assert.Equal(("telemetry-extension", "https://opentelemetry.io/schemas/1.44.0"), (scope.Scope.Name, scope.SchemaUrl));
        Assert.Equal("0.1.0", scope.Scope.Version);
    }

    /// <summary>Text is kept until the next record, which may have another sender. The error must be attributed to the right one.</summary>
    [Fact]
    public void Append_HeldRecordCannotBeWritten_IsLostAloneAndLogged()
    {
        var (lost, works, payloads) = (0, false, new List<OtlpPayload>());
        using var encoder = new LogEncoder(
            payload =>
            {
                if (!works)
                    throw new InvalidOperationException("a bug");
                payloads.Add(payload);
            },
            new ManualTimeProvider(), maxBytes: 100, records => lost += records);
        foreach (var line in new[] { "one", "two", "three" })
            Assert.True(encoder.Append(Item(Encoding.UTF8.GetBytes(Json(line))), new LogEncoding()));
        Assert.Equal(1, lost);
        works = true;
        encoder.Flush();

        var bodies = payloads.SelectMany(payload => payload.LogRecords()).Select(record => record.Body.StringValue);
        Assert.Equal(["one", "three"], bodies);
        Assert.Equal((1, 2), (lost, payloads.Sum(static payload => payload.Records)));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("escaped")]
    public void Flush_AfterAHugeRecord_GivesItsMemoryBack(string kind)
    {
        using var encoder = new LogEncoder(static _ => { }, new ManualTimeProvider());
        var before = encoder.Capacity;
        var line = kind == "escaped" ? new string('\t', 4 << 20) : new string('x', 4 << 20);

        Assert.True(encoder.Append(Item(Encoding.UTF8.GetBytes(kind == "json" ? "{\"message\":" + Json(line) + "}" : Json(line))), new LogEncoding()));
        Assert.InRange(encoder.Capacity, 4 << 20, int.MaxValue);
        encoder.Flush();

        Assert.InRange(encoder.Capacity, 1, before + (1 << 20));
    }

    [Fact]
    public void OverTheLimit_SplitsWithoutLosingOrReordering()
    {
        var encoding = new LogEncoding { MaxBytes = 4096 };
        var lines = Enumerable.Range(0, 500).Select(i => i == 250 ? new string('x', 10_000) : $"line {i}").ToArray();
        var records = encoding.Encode(lines.Select((line, i) => i % 2 == 0 ? Json(line) : "{\"message\":" + Json(line) + "}").ToArray());
        Assert.Equal(lines, records.Select(record => record.Body.StringValue));
        Assert.Equal(500, encoding.Payloads.Sum(payload => payload.Records));
        Assert.All(encoding.Payloads, payload => Assert.True(payload.Body.Length <= 4096 || payload.Records == 1));
        Assert.True(encoding.Payloads.Count < 50);
    }

    [Fact]
    public void Append_AllocatesNothing()
    {
        var encoding = new LogEncoding { Open = First };
        using var encoder = encoding.NewEncoder();
        var items = new[]
        {
            Json($"2025-08-11T12:00:00.101Z\t{Id}\tINFO\torder accepted\n"),
            $$$"""{"timestamp":"2025-08-11T12:00:00.102Z","level":"INFO","requestId":"{{{Id}}}","message":"order \"accepted\"","n":{"a":[1,2.5]}}""",
            Json("plain"), Json("x.Error: y"), Json("\tat a.b(c)"),
        }.Select(json => Item(Encoding.UTF8.GetBytes(json))).ToArray();
        void Round()
        {
            foreach (var item in items)
                encoder.Append(item, encoding);
        }

        // Growing the buffers and creating a payload allocate, but not per record.
        for (var i = 0; i < 300; i++)
            Round();
        encoder.Flush();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Round();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
