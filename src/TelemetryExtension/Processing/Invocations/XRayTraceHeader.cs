using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// An X-Amzn-Trace-Id header: <c>Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1</c>. Keys come in any order, and unknown
/// keys are ignored. Ids of the wrong length or all zero count as absent. <see cref="Sampled"/> is null when deferred or missing.
/// </summary>
/// <param name="HasLineage">The request came through a function of Lambda before.</param>
internal readonly record struct XRayTraceHeader(ActivityTraceId? Root, ActivitySpanId? Parent, bool? Sampled, bool HasLineage = false)
{
    /// <summary>X-Ray starts a trace id with the time (Unix epoch). Other makers of ids put random digits there.</summary>
    public long? RootSeconds => Root is { } root ? Convert.ToUInt32(root.ToHexString()[..8], 16) : null;

    public static XRayTraceHeader Parse(string? header)
    {
        ActivityTraceId? root = null;
        ActivitySpanId? parent = null;
        bool? sampled = null;
        var lineage = false;
        foreach (var range in header.AsSpan().Split(';'))
        {
            var part = header.AsSpan()[range].Trim();
            var equals = part.IndexOf('=');
            if (equals < 0)
                continue;
            var key = part[..equals].TrimEnd();
            var value = part[(equals + 1)..].TrimStart();
            if (key is "Root")
                root = ReadRoot(value);
            else if (key is "Parent")
                parent = ReadSpanId(value);
            else if (key is "Sampled")
                sampled = value is "1" ? true : value is "0" ? false : null;
            else if (key is "Lineage")
                lineage = !value.IsEmpty;
        }

        return new(root, parent, sampled, lineage);
    }

    /// <summary>A span id of 16 hex digits. Null for any other text and for all zeros.</summary>
    public static ActivitySpanId? ReadSpanId(ReadOnlySpan<char> value) =>
        value.Length == 16 && IsHexAndNotZero(value) ? ActivitySpanId.CreateFromString(Lower(value, stackalloc char[16])) : null;

    private static ActivityTraceId? ReadRoot(ReadOnlySpan<char> value)
    {
        if (value.Length != 35 || !value.StartsWith("1-") || value[10] != '-')
            return null;
        Span<char> hex = stackalloc char[32];
        value[2..10].CopyTo(hex);
        value[11..].CopyTo(hex[8..]);
        return IsHexAndNotZero(hex) ? ActivityTraceId.CreateFromString(Lower(hex, hex)) : null;
    }

    private static bool IsHexAndNotZero(ReadOnlySpan<char> value)
    {
        var zero = true;
        foreach (var c in value)
        {
            if (!char.IsAsciiHexDigit(c))
                return false;
            zero &= c == '0';
        }

        return !zero;
    }

    private static ReadOnlySpan<char> Lower(ReadOnlySpan<char> value, Span<char> to)
    {
        for (var i = 0; i < value.Length; i++)
            to[i] = char.ToLowerInvariant(value[i]);
        return to[..value.Length];
    }
}
