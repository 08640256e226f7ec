using System.Text;

namespace TelemetryExtension.Otlp;

/// <summary>Writes KeyValue and AnyValue with known values. It computes the lengths and moves nothing.</summary>
internal static class OtlpAttributes
{
    /// <summary>An AnyValue with a string; the bytes must be valid UTF-8.</summary>
    public static void StringValue(this OtlpWriter writer, int field, ReadOnlySpan<byte> utf8)
    {
        writer.Tag(field, WireType.LengthDelimited);
        writer.RawVarint((ulong)BytesFieldLength(utf8.Length));
        writer.Bytes(OtlpFields.AnyValue.String, utf8);
    }

    /// <summary>A KeyValue with a string; key and value must be valid UTF-8.</summary>
    public static void Attribute(this OtlpWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        writer.Tag(field, WireType.LengthDelimited);
        writer.RawVarint((ulong)(BytesFieldLength(key.Length) + BytesFieldLength(BytesFieldLength(value.Length))));
        writer.Bytes(OtlpFields.KeyValue.Key, key);
        writer.StringValue(OtlpFields.KeyValue.Value, value);
    }

    public static void Attribute(this OtlpWriter writer, int field, ReadOnlySpan<byte> key, long value)
    {
        var mark = writer.OpenKeyValue(field, key);
        writer.IntValue(OtlpFields.KeyValue.Value, value);
        writer.Close(mark);
    }

    /// <summary>A string, bool, int, long, double or string array. Writes any other value as its text.</summary>
    public static void Attribute(this OtlpWriter writer, int field, string key, object value)
    {
        var mark = writer.Open(field);
        writer.String(OtlpFields.KeyValue.Key, key);
        writer.Value(OtlpFields.KeyValue.Value, value);
        writer.Close(mark);
    }

    /// <summary>Opens a KeyValue and writes its key; the value and <see cref="OtlpWriter.Close"/> follow.</summary>
    public static int OpenKeyValue(this OtlpWriter writer, int field, ReadOnlySpan<byte> key)
    {
        var mark = writer.Open(field);
        writer.Bytes(OtlpFields.KeyValue.Key, key);
        return mark;
    }

    public static void IntValue(this OtlpWriter writer, int field, long value)
    {
        var mark = writer.Open(field);
        writer.Varint(OtlpFields.AnyValue.Int, (ulong)value);
        writer.Close(mark);
    }

    public static void DoubleValue(this OtlpWriter writer, int field, double value)
    {
        var mark = writer.Open(field);
        writer.Double(OtlpFields.AnyValue.Double, value);
        writer.Close(mark);
    }

    public static void BoolValue(this OtlpWriter writer, int field, bool value)
    {
        var mark = writer.Open(field);
        writer.Bool(OtlpFields.AnyValue.Bool, value);
        writer.Close(mark);
    }

    private static void Value(this OtlpWriter writer, int field, object value)
    {
        switch (value)
        {
            case bool b:
                writer.BoolValue(field, b);
                break;
            case int i:
                writer.IntValue(field, i);
                break;
            case long l:
                writer.IntValue(field, l);
                break;
            case double d:
                writer.DoubleValue(field, d);
                break;
            case string[] items:
                var any = writer.Open(field);
                var array = writer.Open(OtlpFields.AnyValue.Array);
                foreach (var item in items)
                    writer.Value(OtlpFields.AnyValue.Values, item);
                writer.Close(array);
                writer.Close(any);
                break;
            default:
                writer.StringValue(field, Encoding.UTF8.GetBytes(value.ToString() ?? ""));
                break;
        }
    }

    /// <summary>Length of a bytes or string field whose tag takes one byte.</summary>
    private static int BytesFieldLength(int length) => 1 + OtlpWriter.VarintLength((uint)length) + length;
}
