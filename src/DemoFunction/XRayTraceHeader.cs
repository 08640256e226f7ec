using System.Buffers;
using System.Diagnostics;

namespace DemoFunction;

/// <summary>
/// Reads the trace header of X-Ray and Lambda: <c>Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1</c>, with keys in any order;
/// unknown ones are ignored. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
/// </summary>
internal static class XRayTraceHeader
{
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// Returns the remote parent in the header, or the default context when Root is missing or malformed. Without a Parent the span id is zero, so a span
    /// started from it is a root of that trace.
    /// </summary>
    public static ActivityContext Parse(string? header)
    {
        ActivityTraceId trace = default;
        ActivitySpanId parent = default;
        var flags = ActivityTraceFlags.None;
        foreach (var field in (header ?? "").Split(';', StringSplitOptions.TrimEntries))
        {
            if (field.StartsWith("Root=", StringComparison.Ordinal))
                trace = TraceId(field.AsSpan(5));
            else if (field.StartsWith("Parent=", StringComparison.Ordinal) && IsId(field.AsSpan(7), length: 16))
                parent = ActivitySpanId.CreateFromString(field.AsSpan(7));
            else if (field == "Sampled=1")
                flags = ActivityTraceFlags.Recorded;
        }

        return trace == default ? default : new ActivityContext(trace, parent, flags, isRemote: true);
    }

    private static ActivityTraceId TraceId(ReadOnlySpan<char> root)
    {
        if (root.Length != 35 || root[0] != '1' || root[1] != '-' || root[10] != '-')
            return default;
        Span<char> id = stackalloc char[32];
        root.Slice(2, 8).CopyTo(id);
        root[11..].CopyTo(id[8..]);
        return IsId(id, length: 32) ? ActivityTraceId.CreateFromString(id) : default;
    }

    private static bool IsId(ReadOnlySpan<char> id, int length) =>
        id.Length == length && !id.ContainsAnyExcept(Hex) && id.ContainsAnyExcept('0');
}
