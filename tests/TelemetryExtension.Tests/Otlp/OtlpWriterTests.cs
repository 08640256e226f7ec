using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Common.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Otlp;

public class OtlpWriterTests
{
    // Hand-encoded vectors of the shared facts: a log request and a bare histogram.
    private const string LogVector = "0a5a0a180a160a0c736572766963652e6e616d6512060a0464656d6f123e123c090080800b9fb45a1810091a04494e464f2a040a0268694a10"
        + "5759e988bd862e3fe1be46a994272793520853995c3f42cd8ad8598032671a9fb45a18";

    [Fact]
    public void LogRequest_WrittenByHand_EqualsTheVector()
    {
        using var writer = new OtlpWriter(1);
        var resourceLogs = writer.Open(OtlpFields.RequestResources);
        var resource = writer.Open(OtlpFields.ResourceScope.Resource);
        writer.Attribute(OtlpFields.Resource.Attributes, "service.name", "demo");
        writer.Close(resource);
        var scopeLogs = writer.Open(OtlpFields.ResourceScope.Scopes);
        var record = writer.Open(OtlpFields.Scope.Items);
        writer.Fixed64(OtlpFields.LogRecord.Time, 1754913600000000000);
        writer.Varint(OtlpFields.LogRecord.SeverityNumber, 9);
        writer.String(OtlpFields.LogRecord.SeverityText, "INFO");
        writer.StringValue(OtlpFields.LogRecord.Body, "hi"u8);
        writer.Bytes(OtlpFields.LogRecord.TraceId, Convert.FromHexString("5759e988bd862e3fe1be46a994272793"));
        writer.Bytes(OtlpFields.LogRecord.SpanId, Convert.FromHexString("53995c3f42cd8ad8"));
        writer.Fixed64(OtlpFields.LogRecord.ObservedTime, 1754913600250000000);
        writer.Close(record);
        writer.Close(scopeLogs);
        writer.Close(resourceLogs);
        Assert.Equal(LogVector, Convert.ToHexStringLower(writer.Written));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5000)]
    [InlineData(127, 0)]
    [InlineData(128, 0)]
    [InlineData(128, 300)]
    [InlineData(16383, 1)]
    [InlineData(16384, 1)]
    [InlineData(3_000_000, 10)]
    public void Nested_AnyExpectedSize_HasTheShortestLength(int length, int expected)
    {
        using var writer = new OtlpWriter(1);
        var outer = writer.Open(1);
        var inner = writer.Open(OtlpFields.AnyValue.String, expected);
        writer.Raw(new byte[length].Select(_ => (byte)'x').ToArray());
        writer.Close(inner);
        writer.Close(outer);
        var parsed = new CodedInputStream(writer.ToArray());
        parsed.ReadTag();
        var value = AnyValue.Parser.ParseFrom(parsed.ReadBytes());
        Assert.Equal(length, value.StringValue.Length);
        Assert.Equal(writer.Position, 1 + CodedOutputStream.ComputeLengthSize(value.CalculateSize()) + value.CalculateSize());
    }

    [Fact]
    public void String_WithALoneSurrogate_IsValidUtf8()
    {
        using var writer = new OtlpWriter();
        writer.String(1, "a\ud800b");
        Assert.Equal("a\ufffdb", AnyValue.Parser.ParseFrom(writer.ToArray()).StringValue);
    }

    [Fact]
    public void Rewind_And_DropFirst_KeepTheRest()
    {
        using var writer = new OtlpWriter(1);
        writer.Raw("0123456789"u8);
        writer.Rewind(8);
        writer.DropFirst(3);
        Assert.Equal("34567"u8.ToArray(), writer.ToArray());
    }

    [Fact]
    public void Attributes_OfEveryType_Decode()
    {
        using var writer = new OtlpWriter();
        foreach (var value in new object[] { true, 7, -7L, 1.5, "s", new[] { "a", "b" } })
            writer.Attribute(1, "k", value);
        writer.Attribute(1, "k"u8, 8L);
        writer.Attribute(1, "k"u8, new byte[300].Select(_ => (byte)'y').ToArray());
        var values = KeyValueList.Parser.ParseFrom(writer.ToArray()).Values.Select(pair => pair.Value).ToList();
        Assert.True(values[0].BoolValue);
        Assert.Equal([7, -7], values.Skip(1).Take(2).Select(value => value.IntValue));
        Assert.Equal((1.5, "s"), (values[3].DoubleValue, values[4].StringValue));
        Assert.Equal(["a", "b"], values[5].ArrayValue.Values.Select(value => value.StringValue));
        Assert.Equal((8, 300), (values[6].IntValue, values[7].StringValue.Length));
    }

    [Fact]
    public void Request_IsCanonical()
    {
        using var writer = new OtlpWriter();
        var record = writer.Open(OtlpFields.Scope.Items);
        writer.StringValue(OtlpFields.LogRecord.Body, "hi"u8);
        writer.Close(record);
        var request = OtlpRequest.Build("\n\u0000"u8, OtlpRequest.EncodeScope("s", "v"), writer.Written, "url"u8);
        var decoded = ExportLogsServiceRequest.Parser.ParseFrom(request);
        Assert.Equal(request.Length, decoded.CalculateSize());
        var scope = decoded.ResourceLogs[0].ScopeLogs[0];
        Assert.Equal(("s", "v", "url", "hi"), (scope.Scope.Name, scope.Scope.Version, scope.SchemaUrl, scope.LogRecords[0].Body.StringValue));
    }
}
