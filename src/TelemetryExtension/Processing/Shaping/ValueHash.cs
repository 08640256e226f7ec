using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Replaces values with their SHA-256 in hexadecimal, so that equal values stay equal.</summary>
internal static class ValueHash
{
    /// <param name="anyValue">The serialized content of an AnyValue.</param>
    public static byte[] Of(ReadOnlySpan<byte> anyValue) => Text(Convert.ToHexStringLower(SHA256.HashData(TextOf(anyValue))));

    /// <summary>Serializes the content of an AnyValue that is a string.</summary>
    public static byte[] Text(string text)
    {
        using var writer = new OtlpWriter(text.Length + 16);
        writer.String(OtlpFields.AnyValue.String, text);
        return writer.ToArray();
    }

    /// <summary>Returns a scalar as text, so that 4711 and "4711" are equal, and a list or a map as its bytes.</summary>
    private static byte[] TextOf(ReadOnlySpan<byte> anyValue)
    {
        var reader = new ProtobufReader(anyValue);
        if (!reader.TryReadTag(out var field, out var type))
            return [];
        return (field, type) switch
        {
            (OtlpFields.AnyValue.Bool, WireType.Varint) when reader.TryReadVarint(out var value) => Encoding.UTF8.GetBytes(value == 0 ? "false" : "true"),
            (OtlpFields.AnyValue.Int, WireType.Varint) when reader.TryReadVarint(out var value) => Encoding.UTF8.GetBytes(((long)value).ToString(CultureInfo.InvariantCulture)),
            (OtlpFields.AnyValue.Double, WireType.Fixed64) when reader.TryReadFixed64(out var value) =>
                Encoding.UTF8.GetBytes(BitConverter.UInt64BitsToDouble(value).ToString(CultureInfo.InvariantCulture)),
            (_, WireType.LengthDelimited) when reader.TryReadBytes(out var value) => value.ToArray(),
            _ => anyValue.ToArray(),
        };
    }
}
