using System.Buffers.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Writes JSON values as OTLP AnyValue. Integers stay integers, objects become kvlist, arrays become arrays, and null becomes an empty value. A
/// number that neither a long nor a double represents closely enough, and a value that is nested too deeply, keep their exact text. Not thread-safe.
/// </summary>
internal sealed class JsonValueWriter(OtlpWriter writer)
{
    /// <summary>Receivers recurse, and some refuse deep messages: protobuf's default limit is 100, and each level here takes three or four.</summary>
    private const int MaxDepth = 16;

    private readonly AttributeKeys _keys = new();

    public OtlpWriter Writer => writer;

    /// <summary>
    /// Whether the record that was started last may have an empty key or the same key twice, for which backends refuse a request or keep either
    /// value. <see cref="OtlpRepair"/> mends it.
    /// </summary>
    public bool NeedsRepair { get; private set; }

    /// <summary>Starts the next record.</summary>
    public void Start()
    {
        NeedsRepair = false;
        _keys.Restart();
    }

    /// <summary>Starts a nested list of members. <see cref="CloseList"/> takes the mark.</summary>
    public int OpenList() => _keys.Open();

    public void CloseList(int mark) => _keys.Close(mark);

    /// <summary>Notes a key of the list that is open, for <see cref="NeedsRepair"/>.</summary>
    public void Note(ReadOnlySpan<byte> key) => NeedsRepair |= key.IsEmpty || LogAttributes.IsOwn(key) || !_keys.TryAdd(key);

    /// <summary>Writes a member as KeyValue into the list <paramref name="field"/>. Results as of <see cref="TryWrite"/>.</summary>
    public bool TryWriteMember(int field, ReadOnlySpan<byte> key, bool escaped, ref JsonScanner scanner, int depth = 0)
    {
        var pair = writer.Open(field);
        // Keys that are not written as they are may become equal.
        NeedsRepair |= !TryWriteUnchanged(writer, OtlpFields.KeyValue.Key, key, escaped);
        Note(key);
        if (!TryWrite(OtlpFields.KeyValue.Value, ref scanner, depth))
            return false;
        writer.Close(pair);
        return true;
    }

    /// <summary>Writes the next value into <paramref name="field"/>. False when it is not JSON; the bytes written so far are then invalid.</summary>
    public bool TryWrite(int field, ref JsonScanner scanner, int depth = 0)
    {
        switch (scanner.Peek())
        {
            case (byte)'"':
                if (!scanner.TryReadString(out var text, out var escaped))
                    return false;
                WriteStringValue(writer, field, text, escaped);
                return true;
            case (byte)'{':
                return depth >= MaxDepth ? TryWriteText(field, ref scanner) : TryWriteObject(field, ref scanner, depth);
            case (byte)'[':
                return depth >= MaxDepth ? TryWriteText(field, ref scanner) : TryWriteArray(field, ref scanner, depth);
            default:
                return scanner.TryReadScalar(out var scalar) && TryWriteScalar(field, scalar);
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
    public static void WriteString(OtlpWriter writer, int field, ReadOnlySpan<byte> raw, bool escaped) => TryWriteUnchanged(writer, field, raw, escaped);

    private static bool TryWriteUnchanged(OtlpWriter writer, int field, ReadOnlySpan<byte> raw, bool escaped)
    {
        var room = JsonText.Room(raw, out var valid);
        if (valid && !escaped)
        {
            writer.Bytes(field, raw);
            return true;
        }

        var mark = writer.Open(field, raw.Length);
        writer.Advance(JsonText.Unescape(raw, valid, writer.GetSpan(room)));
        writer.Close(mark);
        return false;
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

    private bool TryWriteText(int field, ref JsonScanner scanner)
    {
        if (!scanner.TrySkipValue(out var raw))
            return false;
        WriteText(writer, field, raw);
        return true;
    }

    private bool TryWriteObject(int field, ref JsonScanner scanner, int depth)
    {
        if (!scanner.TryTake((byte)'{'))
            return false;
        var any = writer.Open(field, 128);
        var list = writer.Open(OtlpFields.AnyValue.KvList, 128);
        var keys = _keys.Open();
        var first = true;
        bool ok;
        while (scanner.TryNext((byte)'}', ref first, out ok))
        {
            if (!scanner.TryReadKey(out var key, out var escaped))
                return false;
            if (!TryWriteMember(OtlpFields.AnyValue.Values, key, escaped, ref scanner, depth + 1))
                return false;
        }

        _keys.Close(keys);
        writer.Close(list);
        writer.Close(any);
        return ok;
    }

    private bool TryWriteArray(int field, ref JsonScanner scanner, int depth)
    {
        if (!scanner.TryTake((byte)'['))
            return false;
        var any = writer.Open(field, 128);
        var list = writer.Open(OtlpFields.AnyValue.Array, 128);
        var first = true;
        bool ok;
        while (scanner.TryNext((byte)']', ref first, out ok))
            if (!TryWrite(OtlpFields.AnyValue.Values, ref scanner, depth + 1))
                return false;
        writer.Close(list);
        writer.Close(any);
        return ok;
    }

    private bool TryWriteScalar(int field, ReadOnlySpan<byte> scalar)
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
                return TryWriteNumber(field, scalar);
            default:
                return false;
        }
    }

    private bool TryWriteNumber(int field, ReadOnlySpan<byte> number)
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
