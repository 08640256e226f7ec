using System.Buffers.Binary;
using System.Diagnostics;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Chooses the ids of an invocation's span. The span should have the id that the function's own spans name as their parent. Then they become its
/// children, in the caller's trace (docs/decisions/0003).
/// </summary>
/// <param name="Given">The span id comes from the headers. Otherwise it is derived.</param>
internal readonly record struct InvocationIds(ActivityTraceId TraceId, ActivitySpanId SpanId, ActivitySpanId? Parent, bool? Sampled, bool Given)
{
    /// <param name="tracing">From platform.start (or runtimeDone, report): what the platform reports about the request.</param>
    /// <param name="invokeHeader">From the INVOKE event: the header that the function received.</param>
    /// <param name="run">
    /// Distinguishes runs by their start (Unix epoch, ms). Lambda repeats an asynchronous event under the same request id, and each run gets its own ids.
    /// </param>
    /// <param name="rules">Null: those without any setting.</param>
    public static InvocationIds Decide(string requestId, PlatformTracing tracing, XRayTraceHeader invokeHeader, long run = 0, TraceRules? rules = null)
    {
        rules ??= TraceRules.Default;
        var telemetry = XRayTraceHeader.Parse(tracing.Value);
        var traceId = telemetry.Root ?? invokeHeader.Root ?? DeriveTraceId(requestId);
        var sampled = telemetry.Sampled ?? invokeHeader.Sampled;
        var upstream = telemetry.Parent;

        // Active tracing: Lambda names its own segment for this invocation.
        if (XRayTraceHeader.ReadSpanId(tracing.SpanId) is { } segment)
            return new(traceId, segment, upstream == segment ? null : Kept(ownSegment: true), sampled, Given: true);

        // Nobody else records this parent: Lambda invented it for the function (unsampled), or replaced the caller's id by its own. So our span takes
        // it. Lambda passes an unsampled header on unchanged, so without an INVOKE event the header of the telemetry serves as well.
        if ((invokeHeader.Parent ?? (sampled == false ? upstream : null)) is { } given && (sampled == false || (upstream is not null && upstream != given)))
            return new(traceId, given, upstream == given ? null : Kept(ownSegment: false), sampled, Given: true);

        var parent = upstream ?? invokeHeader.Parent;
        return new(traceId, DeriveSpanId(requestId, "invocation", run), rules.Parent is ParentRule.Root ? null : parent, sampled, Given: false);

        ActivitySpanId? Kept(bool ownSegment) => rules.KeepsParent(telemetry, ownSegment, run) ? upstream : null;
    }

    /// <summary>For an invocation whose given span id is in use: a new id, as a child of that span.</summary>
    public InvocationIds Under(string requestId, long run) =>
        this with { SpanId = DeriveSpanId(requestId, "invocation", run), Parent = SpanId, Given = false };

    /// <summary>
    /// Returns the same id for the same input, so that building a span again gives the same span. FNV-1a with a final mix; a request id is random
    /// enough.
    /// </summary>
    public static ActivitySpanId DeriveSpanId(string requestId, string role, long run = 0)
    {
        var hash = Mix(Fold(Fold(14695981039346656037UL, requestId), role) ^ (ulong)run);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, hash == 0 ? 1 : hash);
        return ActivitySpanId.CreateFromBytes(bytes);
    }

    /// <summary>Random ids from the kernel: copies of a SnapStart snapshot share the state of every other generator.</summary>
    public static ActivityContext NewRoot()
    {
        Span<byte> trace = stackalloc byte[16], span = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(trace);
        Guid.NewGuid().TryWriteBytes(span);
        return new(ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span[..8]), ActivityTraceFlags.Recorded);
    }

    /// <summary>A request id is a UUID, which is as long as a trace id.</summary>
    private static ActivityTraceId DeriveTraceId(string requestId)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!Guid.TryParse(requestId, out var id) || id == Guid.Empty)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Mix(Fold(14695981039346656037UL, requestId)));
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Mix(Fold(1099511628211UL, requestId)) | 1);
        }
        else
        {
            id.TryWriteBytes(bytes, bigEndian: true, out _);
        }

        return ActivityTraceId.CreateFromBytes(bytes);
    }

    private static ulong Fold(ulong hash, string text)
    {
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9UL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebUL;
        return value ^ (value >> 31);
    }
}
