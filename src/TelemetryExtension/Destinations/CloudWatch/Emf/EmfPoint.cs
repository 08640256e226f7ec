using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// The part of an OTLP data point that CloudWatch can represent: a number (Count is 1, Sum is the number) or a statistic set. Field numbers are from
/// opentelemetry-proto metrics.proto.
/// </summary>
internal readonly record struct EmfPoint(ulong Start, ulong Time, double Sum, ulong Count, double? Min, double? Max, bool HasValue)
{
    public static EmfPoint Read(MetricData kind, ReadOnlySpan<byte> point) =>
        kind is MetricData.Gauge or MetricData.Sum ? ReadNumber(point) : ReadDistribution(kind, point);

    /// <summary>The field that holds the point's attributes.</summary>
    public static int AttributesField(MetricData kind) => kind switch
    {
        MetricData.Histogram => 9,
        MetricData.ExponentialHistogram => 1,
        _ => 7,
    };

    private static EmfPoint ReadNumber(ReadOnlySpan<byte> point)
    {
        ulong start = 0, time = 0, bits = 0, flags = 0;
        var (value, has) = (0d, false);
        var reader = new ProtobufReader(point);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 2 && type == WireType.Fixed64)
                reader.TryReadFixed64(out start);
            else if (field == 3 && type == WireType.Fixed64)
                reader.TryReadFixed64(out time);
            else if (field == 8 && type == WireType.Varint)
                reader.TryReadVarint(out flags);
            else if (field is 4 or 6 && type == WireType.Fixed64 && reader.TryReadFixed64(out bits))
                (value, has) = (field == 4 ? BitConverter.UInt64BitsToDouble(bits) : (long)bits, true);
            else
                reader.TrySkip(type);
        }

        return new(start, time, value, 1, value, value, has && (flags & 1) == 0);
    }

    private static EmfPoint ReadDistribution(MetricData kind, ReadOnlySpan<byte> point)
    {
        ulong start = 0, time = 0, count = 0, flags = 0;
        double? sum = null, min = null, max = null;
        var reader = new ProtobufReader(point);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (type == WireType.Fixed64 && reader.TryReadFixed64(out var bits))
            {
                var number = BitConverter.UInt64BitsToDouble(bits);
                if (field == 2)
                    start = bits;
                else if (field == 3)
                    time = bits;
                else if (field == 4)
                    count = bits;
                else if (field == 5)
                    sum = number;
                else if (field == (kind == MetricData.Histogram ? 11 : 12) && kind != MetricData.Summary)
                    min = number;
                else if (field == (kind == MetricData.Histogram ? 12 : 13) && kind != MetricData.Summary)
                    max = number;
            }
            else if (type == WireType.Varint && field == (kind == MetricData.Summary ? 8 : 10))
                reader.TryReadVarint(out flags);
            else
                reader.TrySkip(type);
        }

        // CloudWatch needs a sum, which OTLP makes optional. An empty distribution has no value.
        return new(start, time, sum ?? 0, count, min, max, sum is not null && count > 0 && (flags & 1) == 0);
    }
}
