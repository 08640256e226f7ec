using LambdaSandbox.Backend;
using static TelemetryExtension.Tests.Processing.Logs.LogEncoding;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>Formats of loggers beyond those of the runtimes.</summary>
public class LoggerTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string SpanId = "b7ad6b7169203331";

    /// <summary>Appendix B of the log data model, and the order of levels in loggers that it does not name.</summary>
    [Theory]
    [InlineData("silly", 1)]
    [InlineData("FINEST", 1)]
    [InlineData("Verbose", 1)]
    [InlineData("FINER", 5)]
    [InlineData("verbose", 6)]
    [InlineData("FINE", 6)]
    [InlineData("CONFIG", 7)]
    [InlineData("http", 7)]
    [InlineData("notice", 10)]
    [InlineData("SUCCESS", 10)]
    [InlineData("SEVERE", 17)]
    [InlineData("dpanic", 18)]
    [InlineData("panic", 19)]
    [InlineData("alert", 19)]
    [InlineData("emerg", 21)]
    [InlineData("CRITICAL", 21)]
    [InlineData("Critical", 21)]
    [InlineData("crit", 21)]
    [InlineData("Fatal", 21)]
    public void Level_OfAnyLogger_HasItsNumber(string level, int expected) =>
        Assert.Equal(expected, (int)Single($$"""{"level":"{{level}}","message":"m"}""").SeverityNumber);

    [Fact]
    public void RustTracing_MessageOfTheFields_IsTheBody()
    {
        var record = Single("""{"timestamp":"2025-08-11T12:00:00.123456Z","level":"WARN","fields":{"message":"order placed","order_id":7},"target":"bootstrap"}""");

        Assert.Equal("order placed", record.Body.StringValue);
        Assert.Equal(13, (int)record.SeverityNumber);
    }

    [Theory]
    [InlineData("""{"message":"m","trace.id":"T","span.id":"S"}""")]
    [InlineData("""{"message":"m","trace":{"id":"T"},"span":{"id":"S","name":"x"}}""")]
    public void Ecs_TraceAndSpanId_AreTheRecords(string json)
    {
        var record = Single(json.Replace("\"T\"", $"\"{TraceId}\"", StringComparison.Ordinal).Replace("\"S\"", $"\"{SpanId}\"", StringComparison.Ordinal));

        Assert.Equal((TraceId, SpanId), (Convert.ToHexStringLower(record.TraceId.Span), Convert.ToHexStringLower(record.SpanId.Span)));
    }

    [Theory]
    [InlineData("System.ApplicationException: order failed\n ---> System.InvalidOperationException: no stock\n   at Shop.Stock.Take(String sku)\n   --- End of inner exception stack trace ---\n   at Shop.Orders.Place()")]
    [InlineData("System.ApplicationException: order failed\nin two lines\n   at Shop.Stock.Take(String sku)\n   at Shop.Orders.Place()")]
    public void DotNet_InnerExceptionAndLongMessage_AreFound(string text)
    {
        var attributes = Attributes(Text(text));

        Assert.Equal("System.ApplicationException", attributes["exception.type"].StringValue);
        Assert.Equal("order failed", attributes["exception.message"].StringValue);
        Assert.Contains("Stock.Take", attributes["exception.stacktrace"].StringValue, StringComparison.Ordinal);
    }

    /// <summary>Receivers refuse a request that has a record with an empty or repeated key.</summary>
    [Theory]
    [InlineData("""{"message":"m","faas.invocation_id":"x"}""")]
    [InlineData("""{"message":"m","level":"ERROR","errorType":"E","errorMessage":"m","exception.type":"E","exception.message":"m","exception.stacktrace":"s","stackTrace":["s"]}""")]
    [InlineData("""{"message":{"a":1,"a":2,"":3},"b":[{"c":1,"c":2}],"b":1,"":1,"\u0062":2}""")]
    [InlineData("""[{"a":1,"a":2},{"":3}]""")]
    [InlineData("""{"message":"m","error":{"type":"E","x":1,"x":2},"error":{"y":1}}""")]
    [InlineData("""{"message":"m","event":"e","Event":"f","event":"g"}""")]
    public void Json_AnyKeys_AreThereOnceAndNotEmpty(string json)
    {
        var record = new LogEncoding { Open = First }.Encode([System.Text.Encoding.UTF8.GetBytes(json)], _ => { }).Single();

        Assert.Empty(OtlpRules.Check(record, Google.Protobuf.MessageExtensions.ToByteArray(record)));
    }
}
