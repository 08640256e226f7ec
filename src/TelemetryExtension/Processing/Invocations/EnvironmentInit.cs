using System.Diagnostics;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>One init phase or SnapStart restore of the environment, joined from its three events. Any of them may be missing.</summary>
internal sealed class EnvironmentInit(string name, long started, string? initializationType, string? phase)
{
    private long? _runtimeDone;
    private long? _reported;
    private double? _durationMs;
    private string? _error;

    /// <summary>The last of its events has arrived. Nothing can be added.</summary>
    public bool Complete => _reported is not null;

    /// <summary>It was done before any request waited for it, so its time delayed nobody and has no place in a request's trace.</summary>
    public bool AheadOfTime => initializationType is "provisioned-concurrency" or "lambda-managed-instances" || phase is "snap-start"
        || (initializationType is "snap-start" && name == SpanNames.Init);

    /// <summary>Lambda repeated it inside the first invocation, because the first attempt failed or took over ten seconds.</summary>
    public bool Suppressed => phase is "invoke";

    public bool IsRestore => name == SpanNames.Restore;

    public double DurationMs => _durationMs ?? (End - started) / 1e6;

    private long End => _durationMs is { } ms ? started + (long)(ms * 1e6) : Math.Max(started, _reported ?? _runtimeDone ?? started);

    public void RuntimeDone(long time, string? status, string? errorType)
    {
        _runtimeDone ??= time;
        Learn(status, errorType);
    }

    public void Report(long time, string? status, string? errorType, double? durationMs)
    {
        _reported ??= time;
        _durationMs ??= durationMs;
        Learn(status, errorType);
    }

    /// <summary>The span and its parts: the runtime's part, then the extensions' part.</summary>
    /// <param name="parent">The invocation that waited for it. Null gives it a trace of its own.</param>
    public IEnumerable<SpanData> Spans(Invocation? parent, ActivityContext own)
    {
        var traceId = parent?.Context.TraceId ?? own.TraceId;
        var spanId = parent is null ? own.SpanId : InvocationIds.DeriveSpanId(parent.RequestId, $"{name}/{started}");
        var attributes = new List<KeyValuePair<string, object?>>();
        if (name == SpanNames.Init)
            attributes.Add(new(Conventions.FaasColdStart, !AheadOfTime));
        if (initializationType is not null)
            attributes.Add(new(Conventions.InitializationType, initializationType));
        if (phase is not null)
            attributes.Add(new(Conventions.InitPhase, phase));
        if (_error is not null)
            attributes.Add(new(Conventions.ErrorType, _error));
        yield return Span(name, spanId, parent?.Context.SpanId, started, End, _error, attributes);
        if (_runtimeDone is not { } runtimeDone || runtimeDone <= started)
            yield break;
        runtimeDone = Math.Min(runtimeDone, End);
        yield return Span($"{name}.runtime", Derived("runtime"), spanId, started, runtimeDone, null, []);
        if (End > runtimeDone)
            yield return Span($"{name}.extensions", Derived("extensions"), spanId, runtimeDone, End, null, []);

        ActivitySpanId Derived(string part) => InvocationIds.DeriveSpanId(spanId.ToHexString(), part);

        SpanData Span(
            string spanName, ActivitySpanId id, ActivitySpanId? parentId, long start, long end, string? error, List<KeyValuePair<string, object?>> tags) =>
            new(spanName, ActivityKind.Internal, traceId, id, parentId, start, end, error, tags) { Sampled = parent?.Sampled };
    }

    private void Learn(string? status, string? errorType)
    {
        if (errorType is not null || (status is not null && !status.Equals("success", StringComparison.OrdinalIgnoreCase)))
            _error ??= errorType ?? status;
    }
}
