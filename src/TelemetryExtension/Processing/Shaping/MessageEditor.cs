using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Redaction;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>
/// Changes attributes, then replaces secrets in every text value, in the names of spans and events, and in status messages. It changes only the resource of
/// metrics, because the attributes of their points identify the series.
/// </summary>
internal sealed class MessageEditor(AttributeRules? attributes, Redactor? redactor) : IMessageEditor
{
    public int Write(OtlpWriter writer, OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        if (message is OtlpMessage.Metric)
        {
            writer.Raw(bytes);
            return 0;
        }

        if (attributes?.Apply(message, bytes) is { } changed)
            bytes = changed;
        if (redactor is not null)
            return Redact(redactor, writer, message, bytes);
        writer.Raw(bytes);
        return 0;
    }

    private static int Redact(Redactor redactor, OtlpWriter writer, OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        var fields = OtlpSchema.FieldsOf(message);
        var reader = new ProtobufReader(bytes);
        for (var start = 0; reader.TryReadTag(out var number, out var type); start = reader.Position)
        {
            if (type is not WireType.LengthDelimited || number >= fields.Length)
            {
                reader.TrySkip(type);
                writer.Raw(bytes[start..reader.Position]);
                continue;
            }

            reader.TryReadBytes(out var value);
            if (IsText(message, number))
            {
                count += redactor.Write(writer, number, value);
            }
            else if (fields[number].Kind is not OtlpFieldKind.Message)
            {
                writer.Raw(bytes[start..reader.Position]);
            }
            else
            {
                var mark = writer.Open(number, value.Length);
                count += fields[number].Message is OtlpMessage.KeyValue
                    ? RedactAttribute(redactor, writer, value)
                    : Redact(redactor, writer, fields[number].Message, value);
                writer.Close(mark);
            }
        }

        return count;
    }

    private static int RedactAttribute(Redactor redactor, OtlpWriter writer, ReadOnlySpan<byte> attribute)
    {
        if (!new ProtobufReader(attribute).TryFind(OtlpFields.KeyValue.Key, out var key) || !redactor.Hides(key))
            return Redact(redactor, writer, OtlpMessage.KeyValue, attribute);
        writer.Bytes(OtlpFields.KeyValue.Key, key);
        writer.StringValue(OtlpFields.KeyValue.Value, Redactor.OfKey);
        return 1;
    }

    private static bool IsText(OtlpMessage message, int field) => (message, field) is
        (OtlpMessage.AnyValue, OtlpFields.AnyValue.String) or (OtlpMessage.Span, OtlpFields.Span.Name)
        or (OtlpMessage.SpanEvent, OtlpFields.SpanEvent.Name) or (OtlpMessage.SpanStatus, OtlpFields.SpanStatus.Message);
}
