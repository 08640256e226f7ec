using Google.Protobuf;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Harness;

/// <summary>Shortcuts for reading decoded OTLP.</summary>
internal static class Decoded
{
    public static string Hex(this ByteString id) => Convert.ToHexStringLower(id.Span);

    public static DateTimeOffset Start(this Span span) => Time(span.StartTimeUnixNano);

    public static DateTimeOffset End(this Span span) => Time(span.EndTimeUnixNano);

    public static TimeSpan Duration(this Span span) => span.End() - span.Start();

    public static DateTimeOffset Time(ulong unixNano) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNano / 100));

    public static bool IsError(this Span span) => span.Status?.Code == Status.Types.StatusCode.Error;

    /// <summary>The attribute's value, or null.</summary>
    public static AnyValue? Value(this IEnumerable<KeyValue> attributes, string key)
    {
        var found = attributes.Where(attribute => attribute.Key == key).ToList();
        Assert.True(found.Count < 2, $"{key} occurs {found.Count} times");
        return found.Count == 0 ? null : found[0].Value;
    }

    public static string? Text(this Span span, string key) => span.Attributes.Value(key)?.StringValue;

    public static bool? Flag(this Span span, string key) => span.Attributes.Value(key)?.BoolValue;

    public static string? Text(this LogRecord log, string key) => log.Attributes.Value(key)?.StringValue;

    public static string? Text(this Resource resource, string key) => resource.Attributes.Value(key)?.StringValue;
}
