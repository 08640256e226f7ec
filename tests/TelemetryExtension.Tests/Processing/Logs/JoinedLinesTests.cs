using OpenTelemetry.Proto.Logs.V1;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

public class JoinedLinesTests
{
    [Fact]
    public void JavaStackTrace_LineByLine_IsOneRecord()
    {
        var encoding = new LogEncoding();
        var records = Encode(encoding, "before", "java.lang.RuntimeException: boom\n", "\tat com.acme.A.run(A.java:1)\n", "\t... 3 more", "Caused by: java.io.IOException: x",
            "\tat com.acme.B.run(B.java:1)", "after");
        Assert.Equal(3, records.Count);
        Assert.Equal(5, records[1].Body.StringValue.Split('\n').Length);
        Assert.Equal("java.lang.RuntimeException", Attributes(records[1])["exception.type"].StringValue);
        Assert.Equal(7, Assert.Single(encoding.Payloads).Records);
    }

    [Fact]
    public void PythonTraceback_LineByLine_EndsWithItsExceptionLine()
    {
        var records = Encode(new(), "Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "    g()", "ValueError: x", "next");
        Assert.Equal(["Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: x", "next"],
            records.Select(record => record.Body.StringValue));
        Assert.Equal("ValueError", Attributes(records[0])["exception.type"].StringValue);
    }

    [Fact]
    public void PythonTraceback_LineByLineWithCarriageReturns_EndsWithItsExceptionLine()
    {
        var records = Encode(new(), "Traceback (most recent call last):\r\n", "  File \"a.py\", line 1, in f\r", "ValueError: x\r", "next\r");
        Assert.Equal(["Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: x", "next"], records.Select(record => record.Body.StringValue));
        Assert.Equal("x", Attributes(records[0])["exception.message"].StringValue);
    }

    [Theory]
    [InlineData("a", "  indented but no frame")]
    [InlineData("a", "at the end")]
    [InlineData("a", "")]
    [InlineData("[ERROR] Runtime.ImportModuleError: x\nTraceback (most recent call last):", "b")]
    [InlineData("[ERROR] Runtime.ImportModuleError: x\rTraceback (most recent call last):", "b")]
    [InlineData("{\"message\":\"json\"}", "\tat com.acme.A.run(A.java:1)")]
    public void OtherLines_StayApart(string first, string second) => Assert.Equal(2, Encode(new(), first, second).Count);

    [Fact]
    public void Frame_OfAnotherStreamTimeOrInvocation_StaysApart()
    {
        var encoding = new LogEncoding { Open = First };
        using var encoder = encoding.NewEncoder();
        void Append(string text, TelemetryExtension.Buffering.TelemetryItemKind kind, long time) =>
            Assert.True(encoder.Append(Item(System.Text.Encoding.UTF8.GetBytes(Json(text)), kind, time), encoding));
        Append("x.Error: y", TelemetryExtension.Buffering.TelemetryItemKind.FunctionLog, Envelope);
        Append("\tat a", TelemetryExtension.Buffering.TelemetryItemKind.ExtensionLog, Envelope);
        Append("\tat b", TelemetryExtension.Buffering.TelemetryItemKind.ExtensionLog, Envelope + 2_000_000_000);
        encoding.Open = Second;
        Append("\tat c", TelemetryExtension.Buffering.TelemetryItemKind.ExtensionLog, Envelope + 2_000_000_000);
        encoder.Flush();
        Assert.Equal(4, encoding.Decoded().Count);
    }

    [Fact]
    public void HeldLine_KeepsTheInvocationOfItsOwnMoment()
    {
        var encoding = new LogEncoding { Open = First };
        using var encoder = encoding.NewEncoder();
        encoder.Append(Item("\"a\""u8.ToArray()), encoding);
        encoding.Open = Second;
        encoder.Append(Item("\"b\""u8.ToArray()), encoding);
        encoder.Flush();
        Assert.Equal([Id, OtherId], encoding.Decoded().Select(record => Attributes(record)["faas.invocation_id"].StringValue));
    }

    private static List<LogRecord> Encode(LogEncoding encoding, params string[] lines) => encoding.Encode(lines.Select(Json).ToArray());
}
