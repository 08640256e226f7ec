using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Json;

/// <summary>Handles one span, log record or metric with its resource and scope. All are serialized messages.</summary>
internal delegate void RecordVisitor(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> record);

/// <summary>
/// Walks an Export{Trace,Metrics,Logs}ServiceRequest. The three have the same structure and field numbers down to the record (opentelemetry-proto:
/// ResourceSpans/ResourceMetrics/ResourceLogs 1 resource, 2 scope; ScopeX 1 scope, 2 record).
/// </summary>
internal static class OtlpRecords
{
    /// <summary>Visits every record up to the first unreadable byte. Returns false when there was one.</summary>
    public static bool Visit(ReadOnlySpan<byte> request, RecordVisitor visitor)
    {
        var reader = new ProtobufReader(request);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var group) && !VisitGroup(group, visitor))
                return false;
        }

        return !reader.Malformed;
    }

    /// <summary>The last occurrence of a message field, which is the one that counts in protobuf. Empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int wanted)
    {
        var reader = new ProtobufReader(message);
        ReadOnlySpan<byte> found = default;
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == wanted && type == WireType.LengthDelimited)
                reader.TryReadBytes(out found);
            else
                reader.TrySkip(type);
        }

        return found;
    }

    private static bool VisitGroup(ReadOnlySpan<byte> group, RecordVisitor visitor)
    {
        var resource = Find(group, 1);
        var reader = new ProtobufReader(group);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 2 || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var scopeGroup) && !VisitScope(resource, scopeGroup, visitor))
                return false;
        }

        return !reader.Malformed;
    }

    private static bool VisitScope(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scopeGroup, RecordVisitor visitor)
    {
        var scope = Find(scopeGroup, 1);
        var reader = new ProtobufReader(scopeGroup);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 2 || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var record))
                visitor(resource, scope, record);
        }

        return !reader.Malformed;
    }
}
