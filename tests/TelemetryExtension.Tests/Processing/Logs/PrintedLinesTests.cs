using OpenTelemetry.Proto.Logs.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>Every logger is understood, and no line is lost or makes invalid OTLP, whatever becomes of it.</summary>
public class PrintedLinesTests
{
    public static TheoryData<int, string> Rows => [.. PrintedLines.All.Select(static (line, index) => (index, line.Logger))];

    [Fact]
    public void Fixture_HasManyLinesOfManyLoggers() =>
        Assert.Equal((true, true), (PrintedLines.All.Count >= 60, PrintedLines.All.DistinctBy(static line => line.Logger).Count() >= 30));

    [Theory]
    [MemberData(nameof(Rows))]
    public void Line_OfARealLogger_IsUnderstood(int index, string logger)
    {
        Assert.Equal(logger, PrintedLines.All[index].Logger);
        Check(PrintedLines.All[index], asObject: false);
    }

    /// <summary>With Lambda's JSON format the same line is an object in the platform's event.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void JsonLine_AsAnObject_IsTheSameRecord(int index, string logger)
    {
        Assert.Equal(logger, PrintedLines.All[index].Logger);
        if (PrintedLines.All[index].Line[0] == '{')
            Check(PrintedLines.All[index], asObject: true);
    }

    [Fact]
    public void Lines_CutSplicedAndBent_AreNeverLostAndAlwaysValid()
    {
        var random = new Random(13);
        for (var round = 0; round < 3000; round++)
        {
            var line = Bend(random, PrintedLines.All[random.Next(PrintedLines.All.Count)].Line);
            var encoding = new LogEncoding();

            var records = encoding.Encode([LogEncoding.Json(line)]);

            Assert.True(records.Count == 1, $"{records.Count} records of {line}");
            var payload = Assert.Single(encoding.Payloads);
            Assert.Equal(1, payload.Records);
            Assert.Equal((null, false), (OtlpRequestValidator.Check(Signal.Logs, payload.Body.Span).Problem, OtlpRequestValidator.Check(Signal.Logs, payload.Body.Span).NeedsRepair));
            AssertKept(line, records[0]);
        }
    }

    /// <summary>Whatever a parser makes of a line, its letters and digits must be somewhere in the record.</summary>
    private static void AssertKept(string line, LogRecord record)
    {
        if (line.Contains('{', StringComparison.Ordinal) || record.Body?.StringValue is not { } body)
            return;
        Assert.EndsWith(body.TrimEnd(), line.Replace('\r', '\n').TrimEnd(), StringComparison.Ordinal);
        var removed = line[..(line.TrimEnd().Length - body.TrimEnd().Length)];
        // What was removed from the body is a prefix that became fields.
        Assert.True(removed.Length == 0 || record.SeverityText.Length > 0 || record.Attributes.Count > 0, $"lost '{removed}' of '{line}'");
    }

    private static string Bend(Random random, string line)
    {
        var other = PrintedLines.All[random.Next(PrintedLines.All.Count)].Line;
        var at = random.Next(line.Length);
        return random.Next(6) switch
        {
            0 => line[..at],
            1 => line[at..],
            2 => line[..at] + other,
            3 => line[..at] + (char)random.Next(1, 0x2FF) + line[at..],
            4 => line.Replace(line[at], other[random.Next(other.Length)]),
            _ => line + "\n" + other,
        } is { Length: > 0 } bent ? bent : "x";
    }

    private static void Check(PrintedLine line, bool asObject)
    {
        var at = line.At * 1_000_000_000;
        var encoding = new LogEncoding { Time = at };
        var record = Assert.Single(encoding.Encode([asObject ? line.Line : LogEncoding.Json(line.Line)]));

        Assert.Equal((line.Severity, line.Body), ((int)record.SeverityNumber, record.Body.StringValue));
        Assert.Equal(line.Exception, record.Attributes.SingleOrDefault(static pair => pair.Key == "exception.type")?.Value.StringValue);
        Assert.Equal(line.Timed, (long)record.TimeUnixNano != at);
        Assert.InRange(Math.Abs((long)record.TimeUnixNano - at), 0, 60_000_000_000);
        if (line.Trace is not null)
            Assert.Equal(line.Trace, Convert.ToHexStringLower(record.TraceId.Span));
        if (line.Span is not null)
            Assert.Equal(line.Span, Convert.ToHexStringLower(record.SpanId.Span));
        if (line.Severity != 0)
            Assert.NotEqual("", record.SeverityText);
    }
}
