using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace LambdaSandbox.Platform;

/// <summary>The X-Ray headers of one invocation: for runtime and extensions, and for the telemetry.</summary>
/// <param name="Header">For Lambda-Runtime-Trace-Id and the INVOKE event.</param>
/// <param name="SegmentId">The id of Lambda's own segment, with active tracing.</param>
/// <param name="TelemetryHeader">`tracing.value` of platform events.</param>
internal sealed record TraceContext(string? Header, string? SegmentId, string? TelemetryHeader)
{
    public static TraceContext Create(TracingMode mode, InvokeOptions options)
    {
        var made = Make(mode, options);
        return options.TelemetryTraceHeader switch
        {
            null => made,
            "" => made with { TelemetryHeader = null },
            var header => made with { TelemetryHeader = header },
        };
    }

    /// <summary>Creates a new object at each call, because a JSON node has one owner.</summary>
    public JsonObject? Tracing()
    {
        if (TelemetryHeader is null)
            return null;
        var tracing = new JsonObject();
        if (SegmentId is not null)
            tracing["spanId"] = SegmentId;
        tracing["type"] = "X-Amzn-Trace-Id";
        tracing["value"] = TelemetryHeader;
        return tracing;
    }

    private static TraceContext Make(TracingMode mode, InvokeOptions options)
    {
        var upstream = options.TraceHeader;
        switch (mode)
        {
            case TracingMode.None when upstream is null:
                return new TraceContext(null, null, null);
            case TracingMode.Active:
                var segment = RandomHex(8);
                var root = Part(upstream, "Root") ?? NewRoot();
                var header = $"Root={root};Parent={segment};Sampled=1";
                return new TraceContext(header, segment, upstream ?? $"Root={root};Parent={RandomHex(8)};Sampled=1");
            default:
                // Without active tracing Lambda still creates an unsampled header.
                var passed = upstream ?? $"Root={NewRoot()};Parent={RandomHex(8)};Sampled=0";
                return new TraceContext(passed, null, passed);
        }
    }

    private static string NewRoot() => $"1-{DateTimeOffset.UtcNow.ToUnixTimeSeconds():x8}-{RandomHex(12)}";

    private static string RandomHex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));

    private static string? Part(string? header, string name) => header?.Split(';', StringSplitOptions.TrimEntries)
        .Where(part => part.StartsWith(name + "=", StringComparison.Ordinal)).Select(part => part[(name.Length + 1)..]).FirstOrDefault();
}
