namespace TelemetryExtension.Otlp;

/// <summary>Counts the records of a refused request: all whose framing is intact, whatever their content.</summary>
internal static class OtlpRecordCount
{
    /// <param name="message">The type of the bytes. The content of a record is not read.</param>
    public static int Of(OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        if (OtlpSchema.IsRecord(message))
            return 1;
        var count = 0;
        var fields = OtlpSchema.FieldsOf(message);
        var reader = new ProtobufReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var value) && number < fields.Length && HoldsRecords(fields[number].Message))
                count += Of(fields[number].Message, value);
        }

        return count;
    }

    private static bool HoldsRecords(OtlpMessage message) => OtlpSchema.IsRecord(message) || message
        is OtlpMessage.ResourceSpans or OtlpMessage.ScopeSpans
        or OtlpMessage.ResourceLogs or OtlpMessage.ScopeLogs
        or OtlpMessage.ResourceMetrics or OtlpMessage.ScopeMetrics or OtlpMessage.Metric
        or OtlpMessage.Gauge or OtlpMessage.Sum or OtlpMessage.Histogram or OtlpMessage.ExponentialHistogram or OtlpMessage.Summary;
}
