using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Common.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>The attributes that node-function/telemetry.mjs sets, one of every kind.</summary>
internal static class SdkFixture
{
    public static void CheckAttributes(RepeatedField<KeyValue> attributes)
    {
        Assert.Equal("grün 🚀 \"quoted\"\n", attributes.Value("text")!.StringValue);
        Assert.Equal((AnyValue.ValueOneofCase.StringValue, ""), (attributes.Value("empty")!.ValueCase, attributes.Value("empty")!.StringValue));
        Assert.Equal((true, false), (attributes.Value("yes")!.BoolValue, attributes.Value("no")!.BoolValue));
        Assert.Equal(AnyValue.ValueOneofCase.BoolValue, attributes.Value("no")!.ValueCase);
        Assert.Equal((42L, -7L, 9007199254740991L), (attributes.Value("integer")!.IntValue, attributes.Value("negative")!.IntValue, attributes.Value("large")!.IntValue));
        Assert.Equal((0.1, double.Epsilon), (attributes.Value("double")!.DoubleValue, attributes.Value("tiny")!.DoubleValue));
        Assert.Equal(["a", "", "ü"], attributes.Value("texts")!.ArrayValue.Values.Select(value => value.StringValue));
        Assert.Equal([true, false], attributes.Value("flags")!.ArrayValue.Values.Select(value => value.BoolValue));
        Assert.Equal([1L, -2, 3], attributes.Value("integers")!.ArrayValue.Values.Select(value => value.IntValue));
        Assert.Equal([1.5, -2.25], attributes.Value("doubles")!.ArrayValue.Values.Select(value => value.DoubleValue));
    }
}
