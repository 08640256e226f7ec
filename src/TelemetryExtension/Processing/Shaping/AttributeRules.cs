using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Applies the actions of <c>TELEMETRY_EXTENSION_ATTRIBUTES</c> in their order to the attributes of a Resource, Span or LogRecord.</summary>
internal sealed class AttributeRules
{
    private readonly Rule[] _ofResources;
    private readonly Rule[] _ofRecords;

    public AttributeRules(IReadOnlyList<AttributeAction> actions)
    {
        _ofResources = [.. actions.Where(static action => action.OfResource).Select(static action => new Rule(action))];
        _ofRecords = [.. actions.Where(static action => !action.OfResource).Select(static action => new Rule(action))];
    }

    /// <summary>Returns the message with changed attributes, which move to its end. Null when no rule applies to this kind of message.</summary>
    public byte[]? Apply(OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        var (rules, field) = message switch
        {
            OtlpMessage.Resource => (_ofResources, OtlpFields.Resource.Attributes),
            OtlpMessage.Span => (_ofRecords, OtlpFields.Span.Attributes),
            OtlpMessage.LogRecord => (_ofRecords, OtlpFields.LogRecord.Attributes),
            _ => ([], 0),
        };
        if (rules.Length == 0)
            return null;
        using var writer = new OtlpWriter(bytes.Length + 256);
        var attributes = new List<Attribute>();
        var reader = new ProtobufReader(bytes);
        for (var start = 0; reader.TryReadTag(out var number, out var type); start = reader.Position)
        {
            if (number == field && type is WireType.LengthDelimited && reader.TryReadBytes(out var pair))
                attributes.Add(Read(pair));
            else if (reader.TrySkip(type))
                writer.Raw(bytes[start..reader.Position]);
        }

        foreach (var rule in rules)
            rule.Apply(attributes);
        foreach (var attribute in attributes)
        {
            var mark = writer.Open(field, attribute.Value.Length);
            writer.String(OtlpFields.KeyValue.Key, attribute.Key);
            writer.Bytes(OtlpFields.KeyValue.Value, attribute.Value);
            writer.Close(mark);
        }

        return writer.ToArray();
    }

    private static Attribute Read(ReadOnlySpan<byte> attribute)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        var reader = new ProtobufReader(attribute);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (number == OtlpFields.KeyValue.Key)
                reader.TryReadBytes(out key);
            else if (number == OtlpFields.KeyValue.Value)
                reader.TryReadBytes(out value);
            else
                reader.TrySkip(type);
        }

        return new(Encoding.UTF8.GetString(key), value.ToArray());
    }

    /// <param name="Value">The serialized content of the AnyValue.</param>
    private sealed record Attribute(string Key, byte[] Value);

    private sealed class Rule(AttributeAction action)
    {
        private readonly byte[] _value = ValueHash.Text(action.Argument);

        public void Apply(List<Attribute> attributes)
        {
            switch (action.Kind)
            {
                case AttributeActionKind.Delete:
                    attributes.RemoveAll(attribute => Matches(attribute.Key));
                    break;
                case AttributeActionKind.Hash:
                    for (var i = 0; i < attributes.Count; i++)
                        if (Matches(attributes[i].Key))
                            attributes[i] = new(attributes[i].Key, ValueHash.Of(attributes[i].Value));
                    break;
                case AttributeActionKind.Rename:
                    Rename(attributes);
                    break;
                default:
                    Set(attributes);
                    break;
            }
        }

        private void Set(List<Attribute> attributes)
        {
            var at = attributes.FindIndex(attribute => attribute.Key == action.Key);
            if (at >= 0 && action.Kind is not AttributeActionKind.Insert)
                attributes[at] = new(action.Key, _value);
            else if (at < 0 && action.Kind is not AttributeActionKind.Update)
                attributes.Add(new(action.Key, _value));
        }

        private void Rename(List<Attribute> attributes)
        {
            var at = attributes.FindIndex(attribute => attribute.Key == action.Key);
            if (at < 0)
                return;
            var value = attributes[at].Value;
            attributes.RemoveAll(attribute => attribute.Key == action.Key || attribute.Key == action.Argument);
            attributes.Add(new(action.Argument, value));
        }

        private bool Matches(string key) =>
            action.Key.EndsWith('*') ? key.StartsWith(action.Key[..^1], StringComparison.Ordinal) : key == action.Key;
    }
}
