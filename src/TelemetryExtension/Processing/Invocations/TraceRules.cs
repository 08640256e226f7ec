using TelemetryExtension.Configuration;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>How the settings place the span of an invocation.</summary>
/// <param name="FollowSampling">Whether spans of requests that X-Ray does not sample are dropped.</param>
/// <param name="ReachesXRay">Spans are sent to X-Ray, which has the segments of AWS too.</param>
internal sealed record TraceRules(bool FollowSampling = false, ParentRule Parent = ParentRule.Auto, bool ReachesXRay = false)
{
    /// <summary>X-Ray refuses older traces.</summary>
    private const long OldestSeconds = 30 * 86_400;
    private const long ClockSkewSeconds = 3600;

    public static TraceRules Default { get; } = new();

    /// <summary>
    /// Whether somebody records the span that the header names as the caller. Lambda with active tracing and other services of AWS name segments that
    /// only X-Ray gets. They start the trace with the time of the request in its id, and they never sent it through a function, which leaves its
    /// lineage. An unsampled parent is recorded by nobody. In all other cases the caller's own SDK may record it, and a lost parent is worse than a
    /// missing one.
    /// </summary>
    /// <param name="ownSegment">Lambda made a segment for this invocation, so active tracing is on.</param>
    /// <param name="startMs">Unix epoch. 0 when unknown.</param>
    public bool KeepsParent(XRayTraceHeader upstream, bool ownSegment, long startMs) => Parent switch
    {
        ParentRule.Keep => true,
        ParentRule.Root => false,
        _ => ReachesXRay || (upstream.Sampled != false && !(ownSegment && !upstream.HasLineage && IsByXRay(upstream, startMs))),
    };

    private static bool IsByXRay(XRayTraceHeader header, long startMs) =>
        header.RootSeconds is { } began && startMs > 0 && (startMs / 1000) - began is >= -ClockSkewSeconds and <= OldestSeconds;
}
