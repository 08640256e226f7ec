using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>JSON log format, and JSON printed as text.</summary>
public class JsonRecordTests
{
    [Theory]
    [InlineData("{\"timestamp\":\"2025-08-11T12:00:00.102Z\",\"level\":\"INFO\",\"requestId\":\"" + Id + "\",\"message\":\"order accepted\"}")]
    [InlineData("{\"timestamp\":\"2025-08-11T12:00:00.102Z\",\"message\":\"order accepted\",\"level\":\"INFO\",\"AWSrequestId\":\"" + Id + "\"}")]
    [InlineData("{\"Timestamp\":\"2025-08-11 12:00:00,102+0000\",\"Level\":\"INFO\",\"function_request_id\":\"" + Id + "\",\"MSG\":\"order accepted\"}")]
    [InlineData("{\"time\":1754913600102,\"level\":30,\"request_id\":\"" + Id + "\",\"msg\":\"order accepted\"}")]
    public void Object_OfARuntimeOrLogger_IsParsed(string json)
    {
        foreach (var record in new[] { Single(json, Second), Text(json + "\n", Second) })
        {
            Assert.Equal("order accepted", record.Body.StringValue);
            Assert.Equal((SeverityNumber.Info, "INFO"), (record.SeverityNumber, record.SeverityText));
            Assert.Equal((ulong)Envelope + 1_000_000, record.TimeUnixNano);
            Assert.Equal(First.TraceIdBytes, record.TraceId.ToByteArray());
            Assert.Equal(First.SpanIdBytes, record.SpanId.ToByteArray());
            Assert.Equal(Id, Assert.Single(Attributes(record)).Value.StringValue);
        }
    }

    [Fact]
    public void Members_KeepTheirTypes()
    {
        var attributes = Attributes(Single("""
            {"message":"m","s":"a\n\u00fc\ud83d\ude80\ud83d","i":9007199254740993,"neg":-5,"big":123456789012345678901234567890,"d":1.5,"e":1e3,"huge":1e999,
             "t":true,"f":false,"n":null,"o":{"a":[1,"x",{"b":null}],"c":{}},"a":[]}
            """));
        Assert.Equal("a\nü🚀\ufffd", attributes["s"].StringValue);
        Assert.Equal(9007199254740993, attributes["i"].IntValue);
        Assert.Equal(-5, attributes["neg"].IntValue);
        Assert.Equal("123456789012345678901234567890", attributes["big"].StringValue);
        Assert.Equal(1.5, attributes["d"].DoubleValue);
        Assert.Equal(1000, attributes["e"].DoubleValue);
        Assert.Equal("1e999", attributes["huge"].StringValue);
        Assert.True(attributes["t"].BoolValue);
        Assert.Equal(AnyValue.ValueOneofCase.BoolValue, attributes["f"].ValueCase);
        Assert.Equal(AnyValue.ValueOneofCase.None, attributes["n"].ValueCase);
        var nested = attributes["o"].KvlistValue.Values;
        Assert.Equal(["a", "c"], nested.Select(pair => pair.Key));
        Assert.Equal("b", nested[0].Value.ArrayValue.Values[2].KvlistValue.Values[0].Key);
        Assert.Equal(AnyValue.ValueOneofCase.KvlistValue, nested[1].Value.ValueCase);
        Assert.Equal(AnyValue.ValueOneofCase.ArrayValue, attributes["a"].ValueCase);
    }

    [Fact]
    public void Nesting_PastTheLimit_IsKeptAsText()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"x\":", 300)) + "1" + new string('}', 300);
        var record = Single("{\"message\":\"m\",\"deep\":" + deep + "}");
        var value = Attributes(record)["deep"];
        var levels = 0;
        for (; value.ValueCase == AnyValue.ValueOneofCase.KvlistValue; levels++)
            value = value.KvlistValue.Values[0].Value;
        Assert.Equal(16, levels);
        Assert.Equal(deep[(16 * 5)..^16], value.StringValue);
    }

    [Fact]
    public void Message_ThatIsAnObject_IsAStructuredBody()
    {
        var record = Single("{\"level\":\"WARN\",\"message\":{\"order\":7,\"items\":[\"a\"]}}");
        Assert.Equal(7, record.Body.KvlistValue.Values[0].Value.IntValue);
        Assert.Empty(record.Attributes);
    }

    [Fact]
    public void NoMessage_BodyIsTheExactJson_AndAttributesAreThere()
    {
        const string json = "{ \"a\" : 1 }";
        var record = Single(json);
        Assert.Equal(json, record.Body.StringValue);
        Assert.Equal(1, Attributes(record)["a"].IntValue);
    }

    [Theory]
    [InlineData(""" "exc_info":"Traceback (most recent call last):\r  File \"C:\\repo\\a.py\", line 3\rKeyError: 'x'" """, "KeyError", "'x'", "Traceback (most recent call last):\n  File \"C:\\repo\\a.py\", line 3\nKeyError: 'x'")]
    [InlineData(""" "stackTrace":"x.Y: z\r\n\tat a\r\n\tat b" """, "x.Y", "z", "x.Y: z\n\tat a\n\tat b")]
    [InlineData(""" "errorType":"E","errorMessage":"m","stackTrace":["  a\r\n    b\r","  c"] """, "E", "m", "  a\n    b\n  c")]
    public void StackTrace_WithCarriageReturns_HasNewlines(string members, string type, string message, string stack)
    {
        var attributes = Attributes(Single($$"""{"level":"ERROR","message":"failed",{{members}}}"""));
        Assert.Equal((type, message, stack), (attributes["exception.type"].StringValue, attributes["exception.message"].StringValue, attributes["exception.stacktrace"].StringValue));
    }

    [Fact]
    public void Exception_OfManagedRuntimes_HasItsAttributes()
    {
        var record = Single("""{"level":"ERROR","errorType":"TypeError","errorMessage":"x \"y\"","stackTrace":["TypeError: x\n","    at a","    at b"]}""");
        var attributes = Attributes(record);
        Assert.Equal("TypeError", attributes["exception.type"].StringValue);
        Assert.Equal("x \"y\"", attributes["exception.message"].StringValue);
        Assert.Equal("TypeError: x\n    at a\n    at b", attributes["exception.stacktrace"].StringValue);
        Assert.Equal("x \"y\"", record.Body.StringValue);
        Assert.Equal(3, attributes.Count);
    }

    [Fact]
    public void Exception_AsAnObject_KeepsWhatElseItHas()
    {
        var record = Single("""{"msg":"m","err":{"type":"E","message":"boom","code":{"n":5},"stack":"E: boom\n at a"},"error":"text"}""");
        var attributes = Attributes(record);
        Assert.Equal(("m", "E", "boom", "E: boom\n at a"), (record.Body.StringValue, attributes["exception.type"].StringValue,
            attributes["exception.message"].StringValue, attributes["exception.stacktrace"].StringValue));
        Assert.Equal(5, Assert.Single(attributes["err"].KvlistValue.Values).Value.KvlistValue.Values[0].Value.IntValue);
        Assert.Equal("text", attributes["error"].StringValue);
    }

    [Fact]
    public void TraceAndSpanId_OfTheRecord_Win()
    {
        var own = Single("""{"message":"m","trace_id":"0123456789abcdef0123456789abcdef","span_id":"0123456789abcdef"}""", First);
        Assert.Equal("0123456789abcdef0123456789abcdef", Convert.ToHexStringLower(own.TraceId.ToByteArray()));
        Assert.Equal("0123456789abcdef", Convert.ToHexStringLower(own.SpanId.ToByteArray()));
        Assert.Equal(["faas.invocation_id"], own.Attributes.Select(pair => pair.Key));

        var xray = Single("""{"message":"m","traceId":"1-5759e988-bd862e3fe1be46a994272793"}""", First);
        Assert.Equal(First.TraceIdBytes, xray.TraceId.ToByteArray());
        Assert.Equal(First.SpanIdBytes, xray.SpanId.ToByteArray());
    }

    [Theory]
    [InlineData("level", "{\"a\":1}")]
    [InlineData("level", "7")]
    [InlineData("timestamp", "\"yesterday\"")]
    [InlineData("timestamp", "12.5")]
    [InlineData("timestamp", "\"1999-01-01T00:00:00Z\"")]
    [InlineData("requestId", "\"my own\"")]
    [InlineData("requestId", "\"00000000-0000-4000-8000-000000000000\"")]
    [InlineData("traceId", "\"0\"")]
    [InlineData("span_id", "17")]
    [InlineData("errorType", "[1]")]
    [InlineData("stackTrace", "[1,\"a\"]")]
    [InlineData("timestamp", "null")]
    public void Member_ThatIsNotWhatItsNameSays_IsAnAttribute(string key, string value)
    {
        var record = Single("{\"message\":\"m\",\"" + key + "\":" + value + "}", First);
        Assert.Equal([key, "faas.invocation_id"], record.Attributes.Select(pair => pair.Key));
        Assert.Equal((ulong)Envelope, record.TimeUnixNano);
        Assert.Equal(First.TraceIdBytes, record.TraceId.ToByteArray());
    }

    [Fact]
    public void SecondOfAKind_IsAnAttribute()
    {
        var record = Single("""{"message":"m","msg":"n","level":"INFO","severity":"high","time":1754913600,"ts":1754913601}""");
        Assert.Equal(["msg", "severity", "ts"], record.Attributes.Select(pair => pair.Key));
    }

    [Fact]
    public void NodeLine_WithJsonMessage_TakesTheInnerLevel()
    {
        var record = Text("2025-08-11T12:00:00.100Z\t" + Id + "\tINFO\t{\"level\":\"error\",\"message\":\"inner\",\"k\":1}\n", Second);
        Assert.Equal(("inner", "error", SeverityNumber.Error), (record.Body.StringValue, record.SeverityText, record.SeverityNumber));
        Assert.Equal((ulong)Envelope - 1_000_000, record.TimeUnixNano);
        Assert.Equal(Id, Attributes(record)["faas.invocation_id"].StringValue);

        var plain = Text("2025-08-11T12:00:00.100Z\t" + Id + "\tWARN\t{\"message\":\"inner\"}");
        Assert.Equal(("WARN", SeverityNumber.Warn), (plain.SeverityText, plain.SeverityNumber));
    }

    [Fact]
    public void EmbeddedMetrics_StayExactlyAsTheyWere()
    {
        const string emf = "{\"message\":\"m\", \"_aws\":{\"Timestamp\":1,\"CloudWatchMetrics\":[]},\"Latency\":1.50}";
        foreach (var record in new[] { Single(emf, First), Text(emf + "\n", First) })
        {
            Assert.Equal(emf, record.Body.StringValue);
            Assert.Equal(["faas.invocation_id"], record.Attributes.Select(pair => pair.Key));
        }

        Assert.Equal("m", Single("{\"message\":\"m\",\"inner\":{\"_aws\":1}}").Body.StringValue);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":bad}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("\"open")]
    [InlineData("\"open\\")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"err\":{\"a\":1")]
    public void Broken_IsRefused_AndCostsOnlyItself(string json)
    {
        var answers = new List<bool>();
        var records = new LogEncoding().Encode(new[] { "\"before\"", json, "{\"message\":\"after\"}" }.Select(System.Text.Encoding.UTF8.GetBytes), answers.Add);
        Assert.Equal([true, false, true], answers);
        Assert.Equal(["before", "after"], records.Select(record => record.Body.StringValue));
    }

    [Fact]
    public void InvalidUtf8_IsReplaced()
    {
        var records = new LogEncoding().Encode([[(byte)'"', 0xff, (byte)'a', 0xc3, (byte)'"'], [.. "{\"message\":\"\xfc\",\"k"u8, 0xff, .. "\":1}"u8]]);
        Assert.Equal("\ufffda\ufffd", records[0].Body.StringValue);
        Assert.Equal("k\ufffd", records[1].Attributes[0].Key);
    }

    [Fact]
    public void OtherValues_AreBodies()
    {
        Assert.Equal(17, Single("17").Body.IntValue);
        Assert.True(Single("true").Body.BoolValue);
        var array = Single("[1,\"a\"]", First);
        Assert.Equal("a", array.Body.ArrayValue.Values[1].StringValue);
        Assert.Equal(First.TraceIdBytes, array.TraceId.ToByteArray());
    }
}
