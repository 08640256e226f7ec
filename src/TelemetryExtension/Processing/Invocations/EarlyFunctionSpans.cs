namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Spans of the function's SDK whose invocation is not known yet. Managed Instances announce no invocation, and platform.start may arrive after the
/// function's span.
/// </summary>
internal sealed class EarlyFunctionSpans
{
    /// <summary>As many as an environment of Managed Instances runs at the same time.</summary>
    private const int Remembered = 64;

    private readonly Dictionary<string, FunctionSpan> _spans = [];
    private readonly Queue<string> _order = [];

    public void Keep(FunctionSpan span)
    {
        if (_spans.TryGetValue(span.RequestId, out var known))
        {
            _spans[span.RequestId] = FunctionSpan.Better(known, span);
            return;
        }

        if (_order.Count >= Remembered)
            _spans.Remove(_order.Dequeue());
        _spans.Add(span.RequestId, span);
        _order.Enqueue(span.RequestId);
    }

    /// <summary>Null when there is none. Returned once.</summary>
    public FunctionSpan? Take(string requestId) => _spans.Remove(requestId, out var span) ? span : null;
}
