using OpenTelemetry.Proto.Logs.V1;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>The text formats of every runtime.</summary>
public class TextLineTests
{
    private const string Stamp = "2025-08-11T12:00:00.100Z";
    private const long Stamped = Envelope - 1_000_000;

    [Theory]
    [InlineData($"{Stamp}\t{Id}\tINFO\torder accepted\n", 9, "INFO", "order accepted")]
    [InlineData($"{Stamp}\t{Id}\tERROR\tbroken\ttabs stay", 17, "ERROR", "broken\ttabs stay")]
    [InlineData($"{Stamp}\t{Id}\tinfo\tfrom .NET\r\n", 9, "info", "from .NET")]
    [InlineData($"{Stamp}\t{Id}\tfail\tfrom .NET", 17, "fail", "from .NET")]
    [InlineData($"{Stamp}\t{Id}\tcrit\tfrom .NET", 21, "crit", "from .NET")]
    [InlineData($"{Stamp}\t{Id}\tWHAT\tlevel nobody knows", 0, "WHAT", "level nobody knows")]
    [InlineData($"{Stamp}\t{Id}\tDEBUG3\tfine", 7, "DEBUG3", "fine")]
    [InlineData($"[WARNING]\t{Stamp}\t{Id}\tfrom Python", 13, "WARNING", "from Python")]
    [InlineData($"{Stamp} {Id} Task timed out after 3.00 seconds\n\n", 17, "ERROR", "Task timed out after 3.00 seconds")]
    [InlineData($"I, [2025-08-11T12:00:00.100000 #8]  INFO {Id} -- : from Ruby", 9, "INFO", "from Ruby")]
    [InlineData($"2025-08-11 12:00:00.100 {Id} INFO  App - from Log4j", 9, "INFO", "App - from Log4j")]
    public void Line_OfARuntime_IsParsed(string line, int number, string level, string body)
    {
        var record = Text(line, Second);
        Assert.Equal(body, record.Body.StringValue);
        Assert.Equal((number, level), ((int)record.SeverityNumber, record.SeverityText));
        Assert.Equal((ulong)Stamped, record.TimeUnixNano);
        Assert.Equal((ulong)Received, record.ObservedTimeUnixNano);
        Assert.Equal(First.TraceIdBytes, record.TraceId.ToByteArray());
        Assert.Equal(First.SpanIdBytes, record.SpanId.ToByteArray());
        Assert.Equal(1u, record.Flags);
        Assert.Equal(Id, Attributes(record)["faas.invocation_id"].StringValue);
    }

    [Theory]
    [InlineData($"{Stamp}\tundefined\tINFO\tbefore the first invoke", "before the first invoke")]
    [InlineData($"[INFO]\t{Stamp}\t\tduring init", "during init")]
    [InlineData($"{Stamp}  INFO app: from tracing", "app: from tracing")]
    [InlineData($"{Stamp} [INFO] bracketed", "bracketed")]
    public void Line_WithoutRequestId_BelongsToTheOpenInvocation(string line, string body)
    {
        var record = Text(line, Second);
        Assert.Equal((body, 9), (record.Body.StringValue, (int)record.SeverityNumber));
        Assert.Equal((ulong)Stamped, record.TimeUnixNano);
        Assert.Equal(OtherId, Attributes(record)["faas.invocation_id"].StringValue);

        var before = Text(line);
        Assert.Empty(before.TraceId);
        Assert.Empty(before.SpanId);
        Assert.Empty(before.Attributes);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    [InlineData(" indented")]
    [InlineData("[not a level] text")]
    [InlineData("[")]
    [InlineData("2025 was a year")]
    [InlineData("2025-99-11T12:00:00Z bad date")]
    [InlineData("{not json}")]
    [InlineData("RequestId: none")]
    [InlineData("I, [really]")]
    [InlineData("quotes \" back\\slash / \u0001 \t tab, ümläut, 🚀")]
    public void Line_WithoutPrefix_IsTheBody(string line)
    {
        var record = Text(line);
        Assert.Equal((line, 0, ""), (record.Body.StringValue, (int)record.SeverityNumber, record.SeverityText));
        Assert.Equal((ulong)Envelope, record.TimeUnixNano);
    }

    [Fact]
    public void Line_WithAnUnknownRequestId_SaysItAndGuessesNothing()
    {
        var record = Text($"{Stamp}\t00000000-0000-4000-8000-000000000000\tINFO\tx", Second);
        Assert.Equal("00000000-0000-4000-8000-000000000000", Attributes(record)["faas.invocation_id"].StringValue);
        Assert.Empty(record.TraceId);
    }

    [Theory]
    [InlineData("2021-08-11T12:00:00Z\tundefined\tINFO\tyears off")]
    [InlineData("2025-08-11 14:00:00 INFO local time")]
    public void Line_WithATimeThatCannotBeItsOwn_HasTheEnvelopes(string line) => Assert.Equal((ulong)Envelope, Text(line).TimeUnixNano);

    [Fact]
    public void CrashLine_BecomesAnException()
    {
        var record = Text($"RequestId: {Id} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n");
        Assert.Equal(SeverityNumber.Error, record.SeverityNumber);
        Assert.Equal("Error: Runtime exited with error: exit status 1\nRuntime.ExitError", record.Body.StringValue);
        Assert.Equal("Runtime.ExitError", Attributes(record)["exception.type"].StringValue);
        Assert.Equal("Runtime exited with error: exit status 1", Attributes(record)["exception.message"].StringValue);
        Assert.Equal(First.TraceIdBytes, record.TraceId.ToByteArray());
    }

    [Fact]
    public void PythonUncaught_BecomesAnException()
    {
        var record = Text("[ERROR] ValueError: no such order\nTraceback (most recent call last):\n\u00a0\u00a0File \"/var/task/a.py\", line 3, in handler\n    raise ValueError()");
        Assert.Equal(("ERROR", SeverityNumber.Error), (record.SeverityText, record.SeverityNumber));
        AssertException(record, "ValueError", "no such order", "Traceback (most recent call last):\n");
    }

    [Theory]
    [InlineData("[ERROR]\t2025-08-11T12:00:00.100Z\t" + Id + "\tfailed\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'", "KeyError", "'x'", "Traceback")]
    [InlineData("order failed\njava.lang.IllegalStateException: closed\n\tat com.acme.App.run(App.java:3)\nCaused by: x.Y: z", "java.lang.IllegalStateException", "closed", "java.lang")]
    [InlineData("2025-08-11T12:00:00.100Z\t" + Id + "\tERROR\tTypeError: x is not a function\n    at handler (/var/task/index.js:1:1)", "TypeError", "x is not a function", "TypeError: ")]
    [InlineData("Unhandled exception. System.InvalidOperationException: no\n   at Program.Main()", "System.InvalidOperationException", "no", "Unhandled")]
    public void StackTrace_InText_BecomesAnException(string line, string type, string message, string stack) =>
        AssertException(Text(line), type, message, stack);

    /// <summary>CloudWatch starts an event at each newline, so Python's runtime and some layouts print carriage returns inside a trace.</summary>
    [Theory]
    [InlineData("[ERROR] ValueError: boom\rTraceback (most recent call last):\r\u00a0\u00a0File \"/var/task/app.py\", line 3, in handler\r\u00a0\u00a0\u00a0\u00a0raise ValueError('boom')",
        "ValueError", "boom", "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n    raise ValueError('boom')")]
    [InlineData("[ERROR] ValueError: boom\r\nTraceback (most recent call last):\r\n  File \"a.py\", line 3\r\n    raise\r\n",
        "ValueError", "boom", "Traceback (most recent call last):\n  File \"a.py\", line 3\n    raise")]
    [InlineData("[ERROR] OrderRejected: two\nlines\rTraceback (most recent call last):\r\u00a0\u00a0File \"a.py\", line 3\r",
        "OrderRejected", "two\nlines", "Traceback (most recent call last):\n  File \"a.py\", line 3")]
    [InlineData("[ERROR] KeyError\rTraceback (most recent call last):\r\u00a0\u00a0File \"a.py\", line 3", "KeyError", null, "Traceback (most recent call last):\n  File \"a.py\", line 3")]
    [InlineData("[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\rTraceback (most recent call last):",
        "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'x'", null)]
    [InlineData("[ERROR]\t2025-08-11T12:00:00.100Z\t" + Id + "\tfailed\rTraceback (most recent call last):\r  File \"a.py\", line 1\rKeyError: 'x'",
        "KeyError", "'x'", "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'")]
    [InlineData("failed\r\nTraceback (most recent call last):\r\n  File \"a.py\", line 1\r\nKeyError: 'x'\r\n",
        "KeyError", "'x'", "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'")]
    [InlineData("Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: a\rb", "ValueError", "a\rb", "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: a\nb")]
    [InlineData("order failed\rjava.lang.IllegalStateException: closed\r\tat com.acme.App.run(App.java:3)\rCaused by: x.Y: z",
        "java.lang.IllegalStateException", "closed", "java.lang.IllegalStateException: closed\n\tat com.acme.App.run(App.java:3)\nCaused by: x.Y: z")]
    [InlineData("System.InvalidOperationException: no\r\n ---> x.Y: z\r\n   at A.B()\r\n", "System.InvalidOperationException", "no",
        "System.InvalidOperationException: no\n ---> x.Y: z\n   at A.B()")]
    public void StackTrace_WithCarriageReturns_HasNewlinesAndTheBodyStays(string line, string type, string? message, string? stack)
    {
        var record = Text(line);
        var attributes = Attributes(record);
        Assert.Equal(type, attributes["exception.type"].StringValue);
        Assert.Equal(message, attributes.GetValueOrDefault("exception.message")?.StringValue);
        Assert.Equal(stack, attributes.GetValueOrDefault("exception.stacktrace")?.StringValue);
        Assert.EndsWith(record.Body.StringValue, line.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(line.TrimEnd().Count('\r'), record.Body.StringValue.Count('\r'));
    }

    [Theory]
    [InlineData("10 %\r20 %\r30 %")]
    [InlineData("waiting\r\nat the gate: x.Error: no")]
    [InlineData("\r")]
    [InlineData("ValueError: \ufffdTraceback (most recent call last):\r")]
    public void Line_WithCarriageReturnsAndNoTrace_IsNoException(string line) => Assert.Empty(Attributes(Text(line)));

    [Fact]
    public void NodeUncaught_BecomesAnException()
    {
        var record = Text(Stamp + "\t" + Id + "\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"code\":7,\"stack\":[\"TypeError: x\",\"    at a\"]}\n");
        Assert.StartsWith("Invoke Error \t{", record.Body.StringValue, StringComparison.Ordinal);
        AssertException(record, "TypeError", "x", "TypeError: x\n    at a");
    }

    [Fact]
    public void NodeOnPlainStdout_CarriageReturnsAreNewlines() =>
        Assert.Equal("a\nb", Text($"{Stamp}\t{Id}\tINFO\ta\rb\n").Body.StringValue);

    private static void AssertException(LogRecord record, string type, string message, string stackStart)
    {
        var attributes = Attributes(record);
        Assert.Equal(type, attributes["exception.type"].StringValue);
        Assert.Equal(message, attributes["exception.message"].StringValue);
        Assert.StartsWith(stackStart, attributes["exception.stacktrace"].StringValue, StringComparison.Ordinal);
    }
}
