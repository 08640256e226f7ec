using System.Text;
using System.Text.Unicode;

namespace TelemetryExtension.Otlp;

/// <param name="Problem">Null when the request is valid or can be repaired, otherwise the broken field.</param>
/// <param name="Records">
/// The number of spans, data points or log records. In a broken request it counts those whose framing is intact, and is at least 1.
/// </param>
/// <param name="NeedsRepair">See <see cref="OtlpRepair"/>.</param>
internal readonly record struct OtlpCheck(string? Problem, int Records, bool NeedsRepair);

/// <summary>
/// Walks a serialized Export*ServiceRequest as a protobuf parser would, without building anything. It finds what a backend would refuse, so that one
/// request cannot spoil the batch that it is merged into. Invalid UTF-8 and empty or repeated attribute keys can be repaired. Broken framing, ids of
/// a wrong length and messages nested more than 100 deep cannot. Like every parser it skips unknown fields, and known fields of another wire type.
/// </summary>
internal ref struct OtlpRequestValidator
{
    /// <summary>The limit of Google.Protobuf and protobuf-java.</summary>
    public const int MaxDepth = 100;

    private readonly AttributeKeys _keys;
    private int _records;
    private bool _needsRepair;

    private OtlpRequestValidator(AttributeKeys keys) => _keys = keys;

    public static OtlpCheck Check(Signal signal, ReadOnlySpan<byte> request)
    {
        var validator = new OtlpRequestValidator(new AttributeKeys());
        var message = OtlpSchema.RequestOf(signal);
        if (validator.Walk(message, request, MaxDepth) is not { } path)
            return new(null, validator._records, validator._needsRepair);
        var problem = "not a valid OTLP request at " + (path.Length == 0 ? "the top level" : path);
        return new(problem, Math.Max(1, OtlpRecordCount.Of(message, request)), false);
    }

    /// <summary>Returns null when the message is usable, otherwise the path to the broken field.</summary>
    private string? Walk(OtlpMessage message, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth == 0)
            return "";
        if (OtlpSchema.IsRecord(message))
            _records++;
        var fields = OtlpSchema.FieldsOf(message);
        var list = _keys.Open();
        ulong seen = 0;
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
            switch (field.Kind)
            {
                case OtlpFieldKind.Message when field.Message is OtlpMessage.KeyValue:
                    if (WalkAttribute(value, depth - 1) is { } inAttribute)
                        return Under(field, inAttribute);
                    break;
                case OtlpFieldKind.Message:
                    // Parsers merge the parts of a message that occurs twice. Only the merged message shows all its attributes.
                    _needsRepair |= !field.Repeated && (seen & (1UL << number)) != 0;
                    seen |= 1UL << number;
                    if (Walk(field.Message, value, depth - 1) is { } path)
                        return Under(field, path);
                    break;
                case OtlpFieldKind.String:
                    _needsRepair |= !Utf8.IsValid(value);
                    break;
                default:
                    if (!IsValid(field.Kind, value))
                        return NameOf(field);
                    break;
            }
        }

        _keys.Close(list);
        return reader.Malformed ? "" : null;
    }

    /// <summary>Checks a KeyValue, by far the most frequent message.</summary>
    private string? WalkAttribute(ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth == 0)
            return "";
        ReadOnlySpan<byte> key = default;
        var (keys, values) = (0, 0);
        var reader = new ProtobufReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (type is not WireType.LengthDelimited)
            {
                if (!reader.TrySkip(type))
                    return number switch { 1 => "key", 2 => "value", _ => "an unknown field" };
                continue;
            }

            if (!reader.TryReadBytes(out var value))
                return number switch { 1 => "key", 2 => "value", _ => "an unknown field" };
            if (number == OtlpFields.KeyValue.Key)
            {
                key = value;
                keys++;
            }
            else if (number == OtlpFields.KeyValue.Value)
            {
                values++;
                if (Walk(OtlpMessage.AnyValue, value, depth - 1) is { } path)
                    return path.Length == 0 ? "value" : "value." + path;
            }
        }

        _needsRepair |= key.IsEmpty || keys > 1 || values > 1 || !Utf8.IsValid(key) || !_keys.TryAdd(key);
        return reader.Malformed ? "" : null;
    }

    /// <summary>Checks all kinds except strings, which are the most frequent and are checked above.</summary>
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

    private static string Under(in OtlpField field, string path) => path.Length == 0 ? NameOf(field) : NameOf(field) + "." + path;

    private static string NameOf(in OtlpField field) => field.Kind is OtlpFieldKind.None ? "an unknown field" : Encoding.UTF8.GetString(field.JsonName);
}
