using System.Diagnostics;
using System.Text;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// What is known so far about one run of an invocation. Pieces come from the INVOKE event, platform.start, runtimeDone and report, in any order.
/// </summary>
/// <param name="number">Unique among the runs of this environment.</param>
internal sealed class Invocation(string requestId, long number, SpanIdsInUse spanIds, TraceRules rules)
{
    private const int MaxDescriptionBytes = 1024;

    private InvocationContext? _context;
    private FunctionSpan? _function;
    private ActivityContext? _late;
    private ActivityContext? _otherTrace;
    private bool _wasInXRayTrace;
    private string? _failure;
    private XRayTraceHeader _invokeHeader;
    private PlatformTracing _tracing;
    private ActivitySpanId? _parent;
    private string? _invokedArn;

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
            var ids = InvocationIds.Decide(requestId, _tracing, _invokeHeader, salt, rules);
            if (ids.Given && !spanIds.TryTake(ids.SpanId, number))
                ids = ids.Under(requestId, salt);
            var xray = ids.TraceId;
            ids = InTraceOfFunction(ids);
            _parent = ids.Parent;
            Sampled = ids.Sampled;
            return _context = new(requestId, ids.TraceId, ids.SpanId, Recorded: !rules.FollowSampling || ids.Sampled != false, ids.Sampled)
            {
                XRayTraceIdBytes = xray == ids.TraceId ? null : InvocationContext.Bytes(xray),
                TenantIdUtf8 = TenantId is null ? null : Encoding.UTF8.GetBytes(TenantId),
                DurableExecutionUtf8 = DurableExecution is null ? null : Encoding.UTF8.GetBytes(DurableExecution),
            };
        }
    }

    public bool? Sampled { get; private set; }

    /// <summary>With tenant isolation: whose request it is.</summary>
    public string? TenantId { get; private set; }

    /// <summary>The ARN of the durable execution that it belongs to, from the function's log or its SDK.</summary>
    public string? DurableExecution { get; private set; }

    /// <summary>An earlier invocation of the same durable execution. This one replays it.</summary>
    public ActivityContext? Replayed { get; set; }

    /// <summary>faas.trigger, when the function's SDK says it.</summary>
    public string? Trigger => _function?.Trigger;

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

    public void OnDurableExecution(string arn)
    {
        if (Ended is not null || DurableExecution is not null)
            return;
        DurableExecution = arn;
        Reconsider();
    }

    /// <summary>What the function's SDK says about this invocation. When our span has left, later parts get a link to it.</summary>
    public void OnFunctionSpan(FunctionSpan span)
    {
        if (Ended is null)
        {
            _function = FunctionSpan.Better(_function, span);
            DurableExecution ??= span.DurableExecution;
            Reconsider();
        }
        else if (_function is null && span.TraceId != Context.TraceId)
        {
            _late = span.Context;
        }
    }

    /// <summary>Adds what runtimeDone and report repeat, in case platform.start was lost.</summary>
    public void Learn(PlatformTracing tracing, string? tenantId)
    {
        TenantId ??= tenantId;
        if (_tracing.Value is null && _tracing.SpanId is null)
            _tracing = tracing;
        Reconsider();
    }

    /// <summary>The type of the error with which it ended. Null after a success, and while it runs.</summary>
    public string? ErrorType { get; private set; }

    /// <summary>The first report of a failure names its cause. Later ones are consequences.</summary>
    public void OnFailure(ReadOnlySpan<byte> message)
    {
        if (Ended is not null || _failure is not null || message.IsEmpty)
            return;
        var length = Math.Min(message.Length, MaxDescriptionBytes);
        // Not in the middle of a character.
        while (length < message.Length && (message[length] & 0xC0) == 0x80)
            length--;
        _failure = Encoding.UTF8.GetString(message[..length]);
    }

    /// <summary>What people must be told about the end, beside the span.</summary>
    public InvocationNote? Note() => ErrorType is { } type && FailureCause.Explain(type, _failure) is { } text
        ? new(Ended ?? 0, Context, text, type)
        : null;

    /// <summary>Ends the invocation and returns its SERVER span.</summary>
    /// <param name="now">The time of the ending event, used when start or duration is unknown.</param>
    /// <param name="metrics">Of the report, when that is the ending event.</param>
    public SpanData Finish(string functionName, long now, double? durationMs, string status, string? errorType, PlatformReportMetrics metrics = default)
    {
        var duration = durationMs is { } ms ? (long)(ms * 1e6) : (long?)null;
        var start = Started ?? (duration is null ? Invoked : null) ?? now - (duration ?? 0);
        Ended = Math.Max(start, duration is { } known ? start + known : now);
        var failed = !status.Equals("success", StringComparison.OrdinalIgnoreCase);
        ErrorType = failed ? FailureCause.TypeOf(status, errorType, _failure, metrics) : null;
        return ServerSpan(functionName, start, ErrorType, failed ? new(Conventions.ErrorType, ErrorType) : null);
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
    {
        Sampled = Sampled,
        Links = _late is { } late ? [late] : [],
    };

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
        if (TenantId is not null)
            attributes.Add(new(Conventions.TenantId, TenantId));
        if (DurableExecution is not null)
            attributes.Add(new(Conventions.DurableExecutionArn, DurableExecution));
        if (Replayed is not null)
            attributes.Add(new(Conventions.DurableExecutionReplay, true));
        if (outcome is { } pair)
            attributes.Add(pair);
        if (_function is not null)
            attributes.AddRange(_function.Attributes);
        return new(functionName, ActivityKind.Server, context.TraceId, context.SpanId, _parent, start, Ended ?? start, error, attributes)
        {
            Sampled = Sampled,
            Description = error is null ? null : _failure,
            Links = [.. new[] { InitAhead, _otherTrace, Replayed }.OfType<ActivityContext>()],
        };
    }

    /// <summary>
    /// One trace: where the function's own span is in another trace than X-Ray's, or beside ours below the same parent, this invocation goes below it.
    /// In the same trace any other span may be a descendant of ours, so nothing changes.
    /// </summary>
    private InvocationIds InTraceOfFunction(InvocationIds ids)
    {
        _otherTrace = null;
        var otherTrace = _function is { } span && span.TraceId != ids.TraceId;
        if (_function is null || !(otherTrace || _function.Parent is null || _function.Parent == ids.Parent))
        {
            _wasInXRayTrace = true;
            return ids;
        }

        // X-Ray has that trace, or records of this invocation have left with its ids.
        if (otherTrace && (ids.Sampled == true || _wasInXRayTrace))
            _otherTrace = new(ids.TraceId, ids.SpanId, ActivityTraceFlags.Recorded);
        return ids with { TraceId = _function.TraceId, Parent = _function.SpanId, Sampled = otherTrace ? true : ids.Sampled };
    }

    private void Reconsider()
    {
        if (Ended is null)
            _context = null;
    }
}
