using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Resources;

/// <summary>
/// Adds our resource attributes to every Resource of a request that lacks them. The sender's values win, and every other byte stays unchanged. Only
/// for requests that <see cref="OtlpRequestValidator"/> has accepted.
/// </summary>
internal sealed class ResourceEnrichment
{
    private readonly (byte[] Key, byte[] Encoded)[] _attributes;

    /// <param name="attributes">Values of the types that <see cref="OtlpWriter.Attribute(int, string, object)"/> takes.</param>
    public ResourceEnrichment(IEnumerable<KeyValuePair<string, object>> attributes) =>
        _attributes = [.. attributes.Select(pair => (Encoding.UTF8.GetBytes(pair.Key), Encode(pair.Key, pair.Value)))];

    /// <summary>The request with the added attributes. Null when every resource has all of them.</summary>
    public byte[]? TryEnrich(ReadOnlySpan<byte> request)
    {
        using var writer = new OtlpWriter(request.Length + 1024);
        var changed = false;
        var reader = new ProtobufReader(request);
        for (var start = 0; reader.TryReadTag(out var field, out var type); start = reader.Position)
        {
            if (field == 1 && type is WireType.LengthDelimited && reader.TryReadBytes(out var resourceItems))
            {
                changed |= WriteItem(writer, resourceItems);
                continue;
            }

            reader.TrySkip(type);
            writer.Raw(request[start..reader.Position]);
        }

        return changed ? writer.ToArray() : null;
    }

    /// <summary>Writes one ResourceSpans, ResourceMetrics or ResourceLogs. True when something was added.</summary>
    private bool WriteItem(OtlpWriter writer, ReadOnlySpan<byte> item)
    {
        Span<bool> present = stackalloc bool[_attributes.Length];
        present.Clear();
        var resource = FindResource(item, present);
        var added = 0;
        for (var i = 0; i < _attributes.Length; i++)
            added += present[i] ? 0 : _attributes[i].Encoded.Length;
        if (added == 0)
        {
            writer.Bytes(1, item);
            return false;
        }

        // The size of the resource field before and after, with its tag and length.
        var oldSize = resource.End - resource.Start;
        var newLength = resource.Content.Length + added;
        var newSize = 1 + VarintSize(newLength) + newLength;
        writer.Tag(1, WireType.LengthDelimited);
        writer.RawVarint((ulong)(item.Length - oldSize + newSize));
        writer.Raw(item[..resource.Start]);
        writer.Tag(1, WireType.LengthDelimited);
        writer.RawVarint((ulong)newLength);
        writer.Raw(resource.Content);
        for (var i = 0; i < _attributes.Length; i++)
            if (!present[i])
                writer.Raw(_attributes[i].Encoded);
        writer.Raw(item[resource.End..]);
        return true;
    }

    /// <summary>The first resource, into which parsers merge later ones, or an empty one at the front.</summary>
    private ResourceSlice FindResource(ReadOnlySpan<byte> item, Span<bool> present)
    {
        var found = new ResourceSlice(0, 0, default);
        var reader = new ProtobufReader(item);
        for (var start = 0; reader.TryReadTag(out var field, out var type); start = reader.Position)
        {
            if (field != 1 || type is not WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            if (!reader.TryReadBytes(out var content))
                break;
            MarkPresent(content, present);
            if (found.End == 0)
                found = new(start, reader.Position, content);
        }

        return found;
    }

    private void MarkPresent(ReadOnlySpan<byte> resource, Span<bool> present)
    {
        var reader = new ProtobufReader(resource);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type is not WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            if (!reader.TryReadBytes(out var attribute))
                return;
            var key = KeyOf(attribute);
            for (var i = 0; i < _attributes.Length; i++)
                present[i] |= key.SequenceEqual(_attributes[i].Key);
        }
    }

    private static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> attribute)
    {
        ReadOnlySpan<byte> key = default;
        var reader = new ProtobufReader(attribute);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else
                reader.TryReadBytes(out key);
        }

        return key;
    }

    /// <summary>A Resource.attributes field: tag, length, KeyValue.</summary>
    private static byte[] Encode(string key, object value)
    {
        using var writer = new OtlpWriter(256);
        writer.Attribute(OtlpFields.Resource.Attributes, key, value);
        return writer.ToArray();
    }

    private static int VarintSize(int value)
    {
        var size = 1;
        for (var rest = (uint)value >> 7; rest != 0; rest >>= 7)
            size++;
        return size;
    }

    private readonly ref struct ResourceSlice(int start, int end, ReadOnlySpan<byte> content)
    {
        public int Start { get; } = start;

        public int End { get; } = end;

        public ReadOnlySpan<byte> Content { get; } = content;
    }
}
