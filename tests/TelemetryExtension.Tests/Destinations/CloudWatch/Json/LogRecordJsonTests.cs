using System.Text;
using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Json;

public sealed class LogRecordJsonTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Read_Record_HasEverythingAPersonSearchesFor()
    {
        var request = OtlpBuilder.Request(writer => OtlpBuilder.Log(writer, "say \"hi\" grüße", OtlpBuilder.Start + 5, record =>
        {
            OtlpBuilder.Attribute(record, 6, "n", any => any.Varint(3, unchecked((ulong)-42L)));
            OtlpBuilder.Attribute(record, 6, "d", any => any.Double(4, 0.5));
            OtlpBuilder.Attribute(record, 6, "nan", any => any.Double(4, double.NaN));
            OtlpBuilder.Attribute(record, 6, "b", any => any.Bool(2, true));
            OtlpBuilder.Attribute(record, 6, "null", _ => { });
            OtlpBuilder.Attribute(record, 6, "bytes", any => any.Bytes(7, [1, 2, 3]));
            OtlpBuilder.Attribute(record, 6, "list", any =>
            {
                var list = any.Open(5);
                any.Bytes(1, [8 + 0x08, 1]); // AnyValue { bool: true }
                any.Close(list);
            });
            OtlpBuilder.Attribute(record, 6, "map", any =>
            {
                var map = any.Open(6);
                OtlpBuilder.Attribute(any, 1, "k", "v");
                any.Close(map);
            });
            record.String(12, "order.placed");
        }));

        var logEvent = Assert.Single(LogRecordJson.Read(request, ResourceInEvents.All, 262_118, Now));

        Assert.Equal((long)(OtlpBuilder.Start / 1_000_000), logEvent.TimeUnixMs);
        Assert.Equal(
            """{"time":"2026-01-01T00:00:00.000000005Z","severityNumber":17,"severityText":"ERROR","body":"say \"hi\" grüße","traceId":"5759e988bd862e3fe1be46a994272793","spanId":"53995c3f42cd8ad8","eventName":"order.placed" """.TrimEnd() +
            ""","attributes":{"n":-42,"d":0.5,"nan":"NaN","b":true,"null":null,"bytes":"AQID","list":[true],"map":{"k":"v"}},"scope":"scope-a","resource":{"service.name":"shop","faas.name":"orders"}}""",
            logEvent.Message);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('"')]
    [InlineData('\u0001')]
    [InlineData('€')]
    public void Read_BodyOverTheLimit_IsShortenedAndStillJson(char letter)
    {
        var request = OtlpBuilder.Logs(new string(letter, 5000));

        var message = Assert.Single(LogRecordJson.Read(request, ResourceInEvents.None, 2000, Now)).Message;

        Assert.InRange(Encoding.UTF8.GetByteCount(message), 1500, 2000);
        using var json = JsonDocument.Parse(message);
        Assert.StartsWith(new string(letter, 20), json.RootElement.GetProperty("body").GetString(), StringComparison.Ordinal);
        Assert.True(json.RootElement.GetProperty("truncatedFromBytes").GetInt32() > 5000);
        Assert.Equal("5759e988bd862e3fe1be46a994272793", json.RootElement.GetProperty("traceId").GetString());
    }

    [Fact]
    public void Read_NoTimes_UsesTheGivenTime() =>
        Assert.Equal(Now.ToUnixTimeMilliseconds(), Assert.Single(LogRecordJson.Read(OtlpBuilder.Request(w => OtlpBuilder.Log(w, "x", 0)), ResourceInEvents.None, 1000, Now)).TimeUnixMs);

    [Fact]
    public void Read_InvalidUtf8AndDeepNesting_DoNotThrow()
    {
        using var deep = new OtlpWriter();
        for (var i = 0; i < 200; i++)
        {
            var inner = deep.ToArray();
            deep.Clear();
            var list = deep.Open(5);
            deep.Bytes(1, inner);
            deep.Close(list);
        }

        var request = OtlpBuilder.Request(writer => OtlpBuilder.Log(writer, "x", 1, record =>
        {
            OtlpBuilder.Attribute(record, 6, "bad", any => any.Bytes(1, [0xff, 0xc3, 0x28]));
            OtlpBuilder.Attribute(record, 6, "deep", any => any.Raw(deep.Written));
        }));

        using var json = JsonDocument.Parse(Assert.Single(LogRecordJson.Read(request, ResourceInEvents.None, 100_000, Now)).Message);
        Assert.Contains('\ufffd', json.RootElement.GetProperty("attributes").GetProperty("bad").GetString()!);
    }

    [Fact]
    public void Read_AnyPrefixOfARequest_DoesNotThrow()
    {
        var request = OtlpBuilder.Logs("a", "b", "c");
        for (var length = 0; length < request.Length; length++)
            Assert.InRange(LogRecordJson.Read(request.AsSpan(0, length), ResourceInEvents.All, 1000, Now).Count, 0, 3);
    }

    [Fact]
    public void Read_Span_IsOneEventAtItsEnd()
    {
        var request = OtlpBuilder.Request(writer =>
        {
            var span = writer.Open(2);
            writer.Bytes(1, Convert.FromHexString("5759e988bd862e3fe1be46a994272793"));
            writer.Bytes(2, Convert.FromHexString("53995c3f42cd8ad8"));
            writer.String(5, "orders");
            writer.Varint(6, 2);
            writer.Fixed64(7, OtlpBuilder.Start);
            writer.Fixed64(8, OtlpBuilder.Start + 1_500_000);
            var status = writer.Open(15);
            writer.String(2, "boom");
            writer.Varint(3, 2);
            writer.Close(status);
            writer.Close(span);
        });

        Assert.Equal(
            """{"name":"orders","kind":"SERVER","traceId":"5759e988bd862e3fe1be46a994272793","spanId":"53995c3f42cd8ad8","startTime":"2026-01-01T00:00:00.000000000Z","endTime":"2026-01-01T00:00:00.001500000Z","durationMs":1.5,"status":"ERROR","statusMessage":"boom","scope":"scope-a","service.name":"shop"}""",
            Assert.Single(SpanJson.Read(request, ResourceInEvents.Service, Now)).Message);
    }
}
