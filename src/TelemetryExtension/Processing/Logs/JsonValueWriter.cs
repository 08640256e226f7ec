using System.Buffers.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Writes JSON values as OTLP AnyValue. Integers stay integers, objects become kvlist, arrays become arrays, and null becomes an empty value. A
/// number that neither a long nor a double represents closely enough, and a value that is nested too deeply, keep their exact text.
/// </summary>
internal static class JsonValueWriter
{
    /// <summary>Receivers recurse, and some refuse deep messages: protobuf's default limit is 100, and each level here takes three or four.</summary>
    private const int MaxDepth = 16;

    /// <summary>Writes the next value into <paramref name="field"/>. False when it is not JSON; the bytes written so far are then invalid.</summary>
    public static bool TryWrite(OtlpWriter writer, int field, ref JsonScanner scanner, int depth = 0)
    {
        switch (scanner.Peek())
        {
            case (byte)'"':
                if (!scanner.TryReadString(out var text, out var escaped))
                    return false;
                WriteStringValue(writer, field, text, escaped);
                return true;
            case (byte)'{':
                return depth >= MaxDepth ? TryWriteText(writer, field, ref scanner) : TryWriteObject(writer, field, ref scanner, depth);
            case (byte)'[':
                return depth >= MaxDepth ? TryWriteText(writer, field, ref scanner) : TryWriteArray(writer, field, ref scanner, depth);
            default:
                return scanner.TryReadScalar(out var scalar) && TryWriteScalar(writer, field, scalar);
        }
    }

    /// <summary>An AnyValue with the unescaped string.</summary>
    public static void WriteStringValue(OtlpWriter writer, int field, ReadOnlySpan<byte> raw, bool escaped)
    {
        var any = writer.Open(field, raw.Length + 3);
        WriteString(writer, OtlpFields.AnyValue.String, raw, escaped);
        writer.Close(any);
    }

    /// <summary>A string field with the unescaped string.</summary>
    public static void WriteString(OtlpWriter writer, int field, ReadOnlySpan<byte> raw, bool escaped)
    {
        var room = JsonText.Room(raw, out var valid);
        if (valid && !escaped)
        {
            writer.Bytes(field, raw);
            return;
        }

        var mark = writer.Open(field, raw.Length);
        writer.Advance(JsonText.Unescape(raw, valid, writer.GetSpan(room)));
        writer.Close(mark);
    }

    /// <summary>An AnyValue with plain text. Invalid UTF-8 is repaired.</summary>
    public static void WriteText(OtlpWriter writer, int field, ReadOnlySpan<byte> text)
    {
        var room = JsonText.Room(text, out var valid);
        if (valid)
        {
            writer.StringValue(field, text);
            return;
        }

        var any = writer.Open(field, text.Length);
        var mark = writer.Open(OtlpFields.AnyValue.String, text.Length);
        writer.Advance(JsonText.CopyRepaired(text, writer.GetSpan(room)));
        writer.Close(mark);
        writer.Close(any);
    }

    private static bool TryWriteText(OtlpWriter writer, int field, ref JsonScanner scanner)
    {
        if (!scanner.TrySkipValue(out var raw))
            return false;
        WriteText(writer, field, raw);
        return true;
    }

    private static bool TryWriteObject(OtlpWriter writer, int field, ref JsonScanner scanner, int depth)
    {
        if (!scanner.TryTake((byte)'{'))
            return false;
        var any = writer.Open(field, 128);
        var list = writer.Open(OtlpFields.AnyValue.KvList, 128);
        var first = true;
        bool ok;
        while (scanner.TryNext((byte)'}', ref first, out ok))
        {
            if (!scanner.TryReadKey(out var key, out var escaped))
                return false;
            var pair = writer.Open(OtlpFields.AnyValue.Values);
            WriteString(writer, OtlpFields.KeyValue.Key, key, escaped);
            if (!TryWrite(writer, OtlpFields.KeyValue.Value, ref scanner, depth + 1))
                return false;
            writer.Close(pair);
        }

        writer.Close(list);
        writer.Close(any);
        return ok;
    }

    private static bool TryWriteArray(OtlpWriter writer, int field, ref JsonScanner scanner, int depth)
    {
        if (!scanner.TryTake((byte)'['))
            return false;
        var any = writer.Open(field, 128);
        var list = writer.Open(OtlpFields.AnyValue.Array, 128);
        var first = true;
        bool ok;
        while (scanner.TryNext((byte)']', ref first, out ok))
            if (!TryWrite(writer, OtlpFields.AnyValue.Values, ref scanner, depth + 1))
                return false;
        writer.Close(list);
        writer.Close(any);
        return ok;
    }

    private static bool TryWriteScalar(OtlpWriter writer, int field, ReadOnlySpan<byte> scalar)
    {
        switch (scalar[0])
        {
            case (byte)'t' when scalar.SequenceEqual("true"u8):
                writer.BoolValue(field, true);
                return true;
            case (byte)'f' when scalar.SequenceEqual("false"u8):
                writer.BoolValue(field, false);
                return true;
            case (byte)'n' when scalar.SequenceEqual("null"u8):
                writer.Bytes(field, []);
                return true;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return TryWriteNumber(writer, field, scalar);
            default:
                return false;
        }
    }

    private static bool TryWriteNumber(OtlpWriter writer, int field, ReadOnlySpan<byte> number)
    {
        if (Utf8Parser.TryParse(number, out long integer, out var consumed) && consumed == number.Length && !number.SequenceEqual("-0"u8))
        {
            writer.IntValue(field, integer);
            return true;
        }

        if (!Utf8Parser.TryParse(number, out double real, out consumed) || consumed != number.Length)
            return false;
        // Integers beyond 64 bits and numbers beyond double keep their digits.
        if (!double.IsFinite(real) || (Math.Abs(real) >= long.MaxValue && !number.ContainsAny((byte)'.', (byte)'e', (byte)'E')))
            writer.StringValue(field, number);
        else
            writer.DoubleValue(field, real);
        return true;
    }
}
