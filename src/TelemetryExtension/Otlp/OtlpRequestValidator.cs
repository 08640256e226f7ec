using System.Text;
using System.Text.Unicode;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Walks a serialized Export*ServiceRequest as a protobuf parser would, without building anything, so that what would be
/// refused by a backend is refused here and cannot poison the batch it is merged into. As strict as the strictest parser we know
/// of (the collector's): UTF-8 in strings, ids of 16 and 8 bytes or none, at most 100 messages deep. Unknown fields, and known
/// ones of another wire type, are skipped as every parser does.
/// </summary>
internal static class OtlpRequestValidator
{
    /// <summary>Google.Protobuf and protobuf-java stop here.</summary>
    public const int MaxDepth = 100;

    /// <summary>Counts spans, data points or log records; null is fine, else says which field is broken.</summary>
    public static string? Check(Signal signal, ReadOnlySpan<byte> request, out int records)
    {
        records = 0;
        var path = Walk(OtlpSchema.RequestOf(signal), request, MaxDepth, ref records);
        return path is null ? null : "not a valid OTLP request at " + (path.Length == 0 ? "the top level" : path);
    }

    /// <summary>Null when valid, else the path to the broken field.</summary>
    private static string? Walk(OtlpMessage message, ReadOnlySpan<byte> bytes, int depth, ref int records)
    {
        if (depth == 0)
            return "";
        if (OtlpSchema.IsRecord(message))
            records++;
        var fields = OtlpSchema.FieldsOf(message);
        var reader = new ProtobufReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            ref readonly var field = ref number < fields.Length ? ref fields[number] : ref fields[0];
            if (type is not WireType.LengthDelimited)
            {
                if (!reader.TrySkip(type))
                    return NameOf(field);
                continue;
            }

            if (!reader.TryReadBytes(out var value))
                return NameOf(field);
            if (field.Kind is OtlpFieldKind.Message)
            {
                if (Walk(field.Message, value, depth - 1, ref records) is { } path)
                    return path.Length == 0 ? NameOf(field) : NameOf(field) + "." + path;
            }
            else if (field.Kind is OtlpFieldKind.String ? !Utf8.IsValid(value) : !IsValid(field.Kind, value))
            {
                return NameOf(field);
            }
        }

        return reader.Malformed ? "" : null;
    }

    /// <summary>Of all kinds but strings, which are the most and are checked above.</summary>
    private static bool IsValid(OtlpFieldKind kind, ReadOnlySpan<byte> value) => kind switch
    {
        OtlpFieldKind.TraceId => value.Length is 0 or 16,
        OtlpFieldKind.SpanId => value.Length is 0 or 8,
        OtlpFieldKind.PackedFixed64 or OtlpFieldKind.PackedDouble => value.Length % 8 == 0,
        OtlpFieldKind.PackedUInt64 => AreVarints(value),
        _ => true,
    };

    private static bool AreVarints(ReadOnlySpan<byte> packed)
    {
        var reader = new ProtobufReader(packed);
        while (reader.Position < packed.Length)
            if (!reader.TryReadVarint(out _))
                return false;
        return true;
    }

    private static string NameOf(in OtlpField field) => field.Kind is OtlpFieldKind.None ? "an unknown field" : Encoding.UTF8.GetString(field.JsonName);
}
