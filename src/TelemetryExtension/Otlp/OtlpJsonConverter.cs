using System.Text;
using System.Text.Json;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Converts OTLP's JSON into the same request in protobuf (OTLP specification, "JSON Protobuf Encoding"). Ids are hex, 64-bit integers are strings or
/// numbers, enums are integers. Unknown keys are ignored, and null means absent. In strings, everything that is not Unicode (a lone surrogate,
/// invalid UTF-8) becomes U+FFFD. One instance converts one request.
/// </summary>
internal sealed class OtlpJsonConverter
{
    /// <summary>A message is an object, which may stand in an array.</summary>
    private const int MaxJsonDepth = 2 * OtlpRequestValidator.MaxDepth + 2;

    private readonly OtlpWriter _writer;
    private readonly int _length;
    private string _path = "";
    private string _what = "";

    private OtlpJsonConverter(OtlpWriter writer, int length)
    {
        _writer = writer;
        _length = length;
    }

    /// <summary>Appends the request to <paramref name="writer"/>. Returns null, or the error and its path.</summary>
    public static string? Convert(Signal signal, ReadOnlySpan<byte> json, OtlpWriter writer)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        var converter = new OtlpJsonConverter(writer, json.Length);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return "the body is not a JSON object";
            if (!converter.TryObject(OtlpSchema.RequestOf(signal), ref reader, OtlpRequestValidator.MaxDepth))
                return converter._path + " " + converter._what;
            reader.Read();
            return null;
        }
        catch (JsonException)
        {
            return $"the body is not valid JSON near byte {reader.BytesConsumed}";
        }
    }

    /// <summary>Counts the records of a request that cannot be converted, up to the first JSON error. Returns at least 1.</summary>
    public static int CountRecords(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        var (count, arrayDepth) = (0, -1);
        var isList = false;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        isList = reader.ValueSpan.SequenceEqual("spans"u8) || reader.ValueSpan.SequenceEqual("logRecords"u8)
                            || reader.ValueSpan.SequenceEqual("dataPoints"u8);
                        continue;
                    case JsonTokenType.StartArray when isList && arrayDepth < 0:
                        arrayDepth = reader.CurrentDepth;
                        break;
                    case JsonTokenType.EndArray when reader.CurrentDepth == arrayDepth:
                        arrayDepth = -1;
                        break;
                    case JsonTokenType.StartObject when arrayDepth >= 0 && reader.CurrentDepth == arrayDepth + 1:
                        count++;
                        break;
                }

                isList = false;
            }
        }
        catch (JsonException)
        {
            // The JSON breaks off here. The records before this point count.
        }

        return Math.Max(1, count);
    }

    private bool TryObject(OtlpMessage message, ref Utf8JsonReader reader, int depth)
    {
        if (depth == 0)
            return Fail("is nested too deeply");
        var fields = OtlpSchema.FieldsOf(message);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var number = Find(fields, ref reader);
            reader.Read();
            if (number == 0)
                reader.Skip();
            else if (reader.TokenType is not JsonTokenType.Null && !TryField(number, fields[number], ref reader, depth))
                return Under(Encoding.UTF8.GetString(fields[number].JsonName));
        }

        return true;
    }

    private static int Find(ReadOnlySpan<OtlpField> fields, ref Utf8JsonReader reader)
    {
        var name = OtlpJsonScalar.Unescaped(ref reader);
        for (var number = 1; number < fields.Length; number++)
            if (fields[number].Kind is not OtlpFieldKind.None && name.SequenceEqual(fields[number].JsonName))
                return number;
        return 0;
    }

    private bool TryField(int number, in OtlpField field, ref Utf8JsonReader reader, int depth)
    {
        if (field.Kind >= OtlpFieldKind.PackedFixed64)
            return TryPacked(number, field.Kind, ref reader);
        if (!field.Repeated)
            return TryElement(number, field, ref reader, depth);
        if (reader.TokenType is not JsonTokenType.StartArray)
            return Fail("must be an array");
        for (var index = 0; reader.Read() && reader.TokenType is not JsonTokenType.EndArray; index++)
            if (!TryElement(number, field, ref reader, depth))
                return Under($"[{index}]");
        return true;
    }

    private bool TryElement(int number, in OtlpField field, ref Utf8JsonReader reader, int depth)
    {
        if (field.Kind is not OtlpFieldKind.Message)
            return OtlpJsonScalar.Write(_writer, number, field.Kind, ref reader) is not { } what || Fail(what);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null))
            return Fail("must be an object");
        var mark = _writer.Open(number, Expected(field.Message, reader.BytesConsumed));
        if (reader.TokenType is JsonTokenType.StartObject && !TryObject(field.Message, ref reader, depth - 1))
            return false;
        _writer.Close(mark);
        return true;
    }

    /// <summary>Guesses the length of a message, so that the writer moves little. Large messages take most of what is left.</summary>
    private int Expected(OtlpMessage message, long consumed) => message switch
    {
        OtlpMessage.ResourceSpans or OtlpMessage.ResourceMetrics or OtlpMessage.ResourceLogs
            or OtlpMessage.ScopeSpans or OtlpMessage.ScopeMetrics or OtlpMessage.ScopeLogs => (int)(_length - consumed) / 2,
        OtlpMessage.Metric => 256,
        _ when OtlpSchema.IsRecord(message) => 256,
        _ => 0,
    };

    private bool TryPacked(int number, OtlpFieldKind kind, ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
            return Fail("must be an array");
        var mark = _writer.Open(number);
        for (var index = 0; reader.Read() && reader.TokenType is not JsonTokenType.EndArray; index++)
        {
            if (OtlpJsonScalar.WritePacked(_writer, kind, ref reader) is not { } what)
                continue;
            Fail(what);
            return Under($"[{index}]");
        }

        _writer.Close(mark);
        return true;
    }

    private bool Fail(string what)
    {
        _what = what;
        return false;
    }

    /// <summary>Adds a step to the front of the path, on the way back up.</summary>
    private bool Under(string step)
    {
        _path = _path.Length == 0 || _path[0] == '[' ? step + _path : $"{step}.{_path}";
        return false;
    }
}
