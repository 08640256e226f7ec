namespace TelemetryExtension.Otlp;

/// <summary>
/// Splits a serialized Export*ServiceRequest into two with the same content together. It cuts between resources, or between the scopes of the only
/// resource, or between the records of the only scope. The field numbers are the same in all three signals: resource 1, scopes 2, records 2.
/// </summary>
internal static class OtlpSplit
{
    private const int Resources = 1;
    private const int Inner = 2;
    private static readonly int[] MetricData = [5, 7, 9, 10, 11];

    /// <summary>Null when there is only one record, or when the bytes cannot be read.</summary>
    public static (ReadOnlyMemory<byte> First, ReadOnlyMemory<byte> Second)? TryHalve(Signal signal, ReadOnlyMemory<byte> request)
    {
        var resources = Fields(request, Resources);
        if (resources is null || resources.Count == 0)
            return null;
        if (resources.Count > 1)
        {
            // Nothing is copied: a request is the concatenation of its resources.
            var cut = resources[resources.Count / 2].Start;
            return (request[..cut], request[cut..]);
        }

        return Halve(request, resources[0], depth: 0) is var (first, second) ? (first, second) : null;
    }

    /// <summary>Counts spans, log records or data points. Unreadable parts count as nothing.</summary>
    public static int CountRecords(Signal signal, ReadOnlySpan<byte> request)
    {
        var records = 0;
        var reader = new OtlpRecordReader(request);
        while (reader.TryRead(out var item))
            records += signal == Signal.Metrics ? CountPoints(item) : 1;
        return records;
    }

    private static int CountPoints(ReadOnlySpan<byte> metric)
    {
        var points = 0;
        var fields = new ProtobufReader(metric);
        while (fields.TryReadTag(out var field, out var type))
        {
            if (type != WireType.LengthDelimited || !MetricData.Contains(field))
            {
                fields.TrySkip(type);
                continue;
            }

            if (!fields.TryReadBytes(out var data))
                break;
            var inner = new ProtobufReader(data);
            while (inner.TryFind(1, out _))
                points++;
        }

        return points;
    }

    /// <summary>Halves one field of <paramref name="outer"/> by its repeated children, or by the children of the only child.</summary>
    private static (byte[] First, byte[] Second)? Halve(ReadOnlyMemory<byte> outer, Field field, int depth)
    {
        var message = outer.Slice(field.ValueStart, field.End - field.ValueStart);
        var children = Fields(message, Inner);
        if (children is null || children.Count == 0)
            return null;
        if (children.Count == 1)
        {
            // Go down one level. Below the records (depth 1) nothing can be split.
            if (depth == 1 || Halve(message, children[0], depth + 1) is not var (one, other))
                return null;
            return (Rebuild(field.Number, message, children[0].Start, children[0].End, one), Rebuild(field.Number, message, children[0].Start, children[0].End, other));
        }

        var middle = children.Count / 2;
        return (Without(field.Number, message, children[middle..]), Without(field.Number, message, children[..middle]));
    }

    private static byte[] Rebuild(int number, ReadOnlyMemory<byte> message, int start, int end, byte[] replacement)
    {
        using var writer = new OtlpWriter(message.Length + 16);
        var mark = writer.Open(number);
        writer.Raw(message.Span[..start]);
        writer.Raw(replacement);
        writer.Raw(message.Span[end..]);
        writer.Close(mark);
        return writer.ToArray();
    }

    /// <summary>The message without some of its fields. The others (resource, scope, schema) stay in both halves.</summary>
    private static byte[] Without(int number, ReadOnlyMemory<byte> message, List<Field> left)
    {
        using var writer = new OtlpWriter(message.Length + 16);
        var mark = writer.Open(number);
        var at = 0;
        foreach (var field in left)
        {
            writer.Raw(message.Span[at..field.Start]);
            at = field.End;
        }

        writer.Raw(message.Span[at..]);
        writer.Close(mark);
        return writer.ToArray();
    }

    private static List<Field>? Fields(ReadOnlyMemory<byte> message, int wanted)
    {
        var fields = new List<Field>();
        var reader = new ProtobufReader(message.Span);
        var start = 0;
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == wanted && type == WireType.LengthDelimited)
            {
                if (!reader.TryReadBytes(out var value))
                    return null;
                fields.Add(new(field, start, reader.Position - value.Length, reader.Position));
            }
            else if (!reader.TrySkip(type))
            {
                return null;
            }

            start = reader.Position;
        }

        return reader.Malformed ? null : fields;
    }

    private readonly record struct Field(int Number, int Start, int ValueStart, int End);
}
