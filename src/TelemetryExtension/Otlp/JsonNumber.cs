using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace TelemetryExtension.Otlp;

/// <summary>Numbers in protobuf's JSON: as numbers or in strings. Integers may also be written as 1e3 or 1.0.</summary>
internal static class JsonNumber
{
    /// <summary>Above this a double cannot represent every integer.</summary>
    private const double ExactLimit = 1L << 53;

    public static bool TryInt64(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        if (!TryText(ref reader, out var text))
            return false;
        if (Utf8Parser.TryParse(text, out value, out var used) && used == text.Length)
            return true;
        if (!TryReal(text, out var real) || real != Math.Floor(real) || Math.Abs(real) > ExactLimit)
            return false;
        value = (long)real;
        return true;
    }

    public static bool TryUInt64(ref Utf8JsonReader reader, out ulong value)
    {
        value = 0;
        if (!TryText(ref reader, out var text))
            return false;
        if (Utf8Parser.TryParse(text, out value, out var used) && used == text.Length)
            return true;
        if (!TryReal(text, out var real) || real != Math.Floor(real) || real < 0 || real > ExactLimit)
            return false;
        value = (ulong)real;
        return true;
    }

    /// <summary>Also "NaN", "Infinity" and "-Infinity".</summary>
    public static bool TryDouble(ref Utf8JsonReader reader, out double value)
    {
        value = 0;
        if (!TryText(ref reader, out var text))
            return false;
        if (reader.TokenType is JsonTokenType.String)
        {
            if (text.SequenceEqual("NaN"u8))
                value = double.NaN;
            else if (text.SequenceEqual("Infinity"u8))
                value = double.PositiveInfinity;
            else if (text.SequenceEqual("-Infinity"u8))
                value = double.NegativeInfinity;
            else
                return TryReal(text, out value);
            return true;
        }

        return TryReal(text, out value);
    }

    /// <summary>Finite numbers only. Like protobuf, this refuses a number that is too large for a double.</summary>
    private static bool TryReal(ReadOnlySpan<byte> text, out double value) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static bool TryText(ref Utf8JsonReader reader, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        return reader.TokenType is JsonTokenType.Number || (reader.TokenType is JsonTokenType.String && !reader.ValueIsEscaped);
    }
}
