using System.Diagnostics;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// What is known so far about one run of an invocation. Pieces come from the INVOKE event, platform.start, runtimeDone and report, in any order.
/// </summary>
/// <param name="number">Unique among the runs of this environment.</param>
internal sealed class Invocation(string requestId, long number, SpanIdsInUse spanIds, bool followSampling)
{
    private InvocationContext? _context;
    private XRayTraceHeader _invokeHeader;
    private PlatformTracing _tracing;
    private ActivitySpanId? _parent;
    private string? _invokedArn;
    private string? _tenantId;

    public string RequestId => requestId;

    /// <summary>The time of platform.start; null until it arrives.</summary>
    public long? Started { get; private set; }

    /// <summary>The time when its INVOKE event arrived; null when none did.</summary>
    public long? Invoked { get; private set; }

    public long? Ended { get; private set; }

    /// <summary>The earliest known time.</summary>
    public long? Begun => Started ?? Invoked;

    /// <summary>
    /// The previous run of the same event, which Lambda repeated under the same request id. Null when there was none or it is forgotten.
    /// </summary>
    public Invocation? Earlier { get; set; }

    /// <summary>Another request has started since, in an environment that runs one at a time. The end of this one is lost or late.</summary>
    public bool Superseded { get; set; }

    public bool Reported { get; set; }

    public bool ColdStart { get; set; }

    /// <summary>An init that ran in a trace of its own before this first invocation.</summary>
    public ActivityContext? InitAhead { get; set; }

    /// <summary>The ids follow from what is known. They stay fixed once the span was emitted.</summary>
    public InvocationContext Context
    {
        get
        {
            if (_context is not null)
                return _context;
            var salt = (Started ?? Invoked ?? 0) / 1_000_000;
            var ids = InvocationIds.Decide(requestId, _tracing, _invokeHeader, salt);
            if (ids.Given && !spanIds.TryTake(ids.SpanId, number))
                ids = ids.Under(requestId, salt);
            _parent = ids.Parent;
            Sampled = ids.Sampled;
            return _context = new(requestId, ids.TraceId, ids.SpanId, Recorded: !followSampling || ids.Sampled != false, ids.Sampled);
        }
    }

    public bool? Sampled { get; private set; }

    /// <summary>The distance between a platform.start at this time and the INVOKE event, in ns.</summary>
    public long Distance(long startTime) => Math.Abs((Invoked ?? startTime) - startTime);

    public void OnInvoke(string invokedArn, string? traceHeader, long receivedAt)
    {
        Invoked = receivedAt;
        _invokeHeader = XRayTraceHeader.Parse(traceHeader);
        _invokedArn = invokedArn.Length > 0 ? invokedArn : _invokedArn;
        Reconsider();
    }

    public void OnStart(PlatformEvent.Start start)
    {
        Started = start.Time;
        _invokedArn ??= start.FunctionArn;
        Learn(start.Tracing, start.TenantId);
    }

    /// <summary>Adds what runtimeDone and report repeat, in case platform.start was lost.</summary>
    public void Learn(PlatformTracing tracing, string? tenantId)
    {
        _tenantId ??= tenantId;
        if (_tracing.Value is null && _tracing.SpanId is null)
            _tracing = tracing;
        Reconsider();
    }

    /// <summary>Ends the invocation and returns its SERVER span.</summary>
    /// <param name="now">The time of the ending event, used when start or duration is unknown.</param>
    public SpanData Finish(string functionName, long now, double? durationMs, string status, string? errorType)
    {
        var duration = durationMs is { } ms ? (long)(ms * 1e6) : (long?)null;
        var start = Started ?? (duration is null ? Invoked : null) ?? now - (duration ?? 0);
        Ended = Math.Max(start, duration is { } known ? start + known : now);
        var failed = !status.Equals("success", StringComparison.OrdinalIgnoreCase);
        return ServerSpan(functionName, start, failed ? errorType ?? status : null, failed ? new(Conventions.ErrorType, errorType ?? status) : null);
    }

    /// <summary>Ends an invocation whose end nobody reported. Duration and success are unknown, so the span has neither.</summary>
    public SpanData CloseUnknown(string functionName)
    {
        Ended = Begun ?? 0;
        return ServerSpan(functionName, Ended.Value, null, new(Conventions.EndUnknown, true));
    }

    /// <summary>A part of this invocation as the platform measured it.</summary>
    public SpanData Child(string name, long start, long end, string? error = null, params IReadOnlyList<KeyValuePair<string, object?>> attributes) => new(
        name, ActivityKind.Internal, Context.TraceId, InvocationIds.DeriveSpanId(requestId, $"{name}/{start}"), Context.SpanId,
        start, Math.Max(start, end), error, attributes)
    { Sampled = Sampled };

    private SpanData ServerSpan(string functionName, long start, string? error, KeyValuePair<string, object?>? outcome)
    {
        var context = Context;
        var attributes = new List<KeyValuePair<string, object?>>
        {
            new(Conventions.FaasInvocationId, requestId),
            new(Conventions.FaasColdStart, ColdStart),
        };
        if (_invokedArn is not null)
            attributes.Add(new(Conventions.AwsLambdaInvokedArn, _invokedArn));
        if (_tenantId is not null)
            attributes.Add(new(Conventions.TenantId, _tenantId));
        if (outcome is { } pair)
            attributes.Add(pair);
        return new(functionName, ActivityKind.Server, context.TraceId, context.SpanId, _parent, start, Ended ?? start, error, attributes)
        {
            Sampled = Sampled,
            Links = InitAhead is { } init ? [init] : [],
        };
    }

    private void Reconsider()
    {
        if (Ended is null)
            _context = null;
    }
}
