using System.Diagnostics;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Tracks the environment's init phases and restores, and chooses the trace of each. An init that a request waited for is kept until that request's
/// invocation is known, and becomes its child. An init that ran ahead of time gets a trace of its own, and the first invocation links to it
/// (docs/decisions/0003).
/// </summary>
internal sealed class InitTracker
{
    private readonly List<EnvironmentInit> _pending = [];
    private EnvironmentInit? _current;
    private ActivityContext? _ahead;
    private (long Started, bool IsRestore)? _lastBegun;

    /// <summary>The environment was ready before a request needed it, so its first invocation is not a cold start.</summary>
    public bool AheadOfTime { get; private set; }

    public void Apply(PlatformEvent platformEvent, Invocation? running, List<SpanData> spans, List<InvocationFact> facts)
    {
        switch (platformEvent)
        {
            case PlatformEvent.InitStart init:
                Begin(init.Time, new(SpanNames.Init, init.Time, init.InitializationType, init.Phase));
                AheadOfTime = init.InitializationType is "provisioned-concurrency" or "lambda-managed-instances";
                break;
            case PlatformEvent.InitRuntimeDone done when _current is { IsRestore: false }:
                _current.RuntimeDone(done.Time, done.Status, done.ErrorType);
                break;
            case PlatformEvent.InitReport report when _current is { IsRestore: false }:
                _current.Report(report.Time, report.Status, report.ErrorType, report.DurationMs);
                break;
            case PlatformEvent.RestoreStart restore:
                Begin(restore.Time, new(SpanNames.Restore, restore.Time, null, null));
                break;
            case PlatformEvent.RestoreRuntimeDone done when _current is { IsRestore: true }:
                _current.RuntimeDone(done.Time, done.Status, done.ErrorType);
                break;
            case PlatformEvent.RestoreReport report when _current is { IsRestore: true }:
                _current.Report(report.Time, report.Status, report.ErrorType, report.DurationMs);
                break;
        }

        if (_current is { Complete: true, AheadOfTime: true })
            Emit(_current, null, spans, facts);
        else if (running is not null && _current is { Complete: true })
            Emit(_current, running, spans, facts);
    }

    /// <summary>
    /// Takes the invocation that waited for the pending inits. Those that are complete, or can no longer be completed, become its children.
    /// </summary>
    public void Attach(Invocation invocation, List<SpanData> spans, List<InvocationFact> facts)
    {
        foreach (var init in _pending.ToArray())
            if (init.Complete || invocation.Ended is not null)
                Emit(init, init.AheadOfTime ? null : invocation, spans, facts);
    }

    /// <summary>The context of an init with a trace of its own, returned once, for a link from the first invocation.</summary>
    public ActivityContext? TakeAheadOfTime()
    {
        var ahead = _ahead;
        _ahead = null;
        return ahead;
    }

    /// <summary>The environment ends without an invocation. Everything pending is emitted in a trace of its own.</summary>
    public void Flush(List<SpanData> spans, List<InvocationFact> facts)
    {
        foreach (var init in _pending.ToArray())
            Emit(init, null, spans, facts);
    }

    private void Begin(long started, EnvironmentInit init)
    {
        // The event was delivered twice.
        if (_lastBegun == (started, init.IsRestore))
            return;
        _lastBegun = (started, init.IsRestore);
        _current = init;
        _pending.Add(init);
    }

    private void Emit(EnvironmentInit init, Invocation? parent, List<SpanData> spans, List<InvocationFact> facts)
    {
        _pending.Remove(init);
        if (_current == init)
            _current = null;
        var own = InvocationIds.NewRoot();
        if (parent is null)
            _ahead = own;
        var before = spans.Count;
        spans.AddRange(init.Spans(parent, own));
        var end = spans[before].End;
        facts.Add(init.IsRestore
            ? new InvocationFact.Restored(end, init.DurationMs)
            : new InvocationFact.Initialized(end, init.DurationMs, !init.AheadOfTime));
    }
}
