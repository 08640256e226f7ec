using Google.Protobuf;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Backend;

/// <summary>One trace as shown to people: spans under their parents, log records under their spans, all in order of time.</summary>
internal sealed record TraceView(string TraceId, ulong Start, ulong End, IReadOnlyList<SpanView> Roots, IReadOnlyList<ReceivedLogRecord> LooseLogs)
{
    public IEnumerable<SpanView> All => Roots.SelectMany(root => root.SelfAndDescendants);

    /// <summary>Returns traces in order of their first moment. Log records without a trace and a known invocation belong to none.</summary>
    public static IReadOnlyList<TraceView> Build(IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs)
    {
        var nodes = new Dictionary<(string, string), SpanView>();
        foreach (var span in spans)
        {
            var key = (Hex(span.Span.TraceId), Hex(span.Span.SpanId));
            if (nodes.TryGetValue(key, out var seen))
                seen.Copies.Add(span);
            else
                nodes.Add(key, new SpanView(span));
        }

        var roots = Attach(nodes);
        var invocations = nodes.Values.Where(node => node.InvocationId is not null).ToLookup(node => node.InvocationId!);
        var loose = new List<ReceivedLogRecord>();
        foreach (var log in logs)
        {
            var owner = nodes.GetValueOrDefault((Hex(log.LogRecord.TraceId), Hex(log.LogRecord.SpanId)))
                ?? invocations[Text(log.LogRecord.Attributes, "faas.invocation_id") ?? ""].FirstOrDefault();
            (owner?.Logs ?? loose).Add(log);
        }

        foreach (var node in nodes.Values)
            node.Sort();
        return
        [
            .. from traceId in roots.Select(root => root.TraceId).Concat(loose.Select(log => Hex(log.LogRecord.TraceId))).Distinct()
               where traceId.Length > 0
               let trace = Make(traceId, roots, loose)
               orderby trace.Start, trace.TraceId
               select trace,
        ];
    }

    /// <summary>Log records that <see cref="Build"/> could not assign to a trace.</summary>
    public static IReadOnlyList<ReceivedLogRecord> Outside(IReadOnlyList<TraceView> traces, IReadOnlyList<ReceivedLogRecord> logs)
    {
        var placed = new HashSet<object>(ReferenceEqualityComparer.Instance);
        placed.UnionWith(traces.SelectMany(trace => trace.LooseLogs.Concat(trace.All.SelectMany(node => node.Logs))));
        return [.. logs.Where(log => !placed.Contains(log)).OrderBy(Time)];
    }

    public static ulong Time(ReceivedLogRecord log) =>
        log.LogRecord.TimeUnixNano != 0 ? log.LogRecord.TimeUnixNano : log.LogRecord.ObservedTimeUnixNano;

    public static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    public static string? Text(IEnumerable<KeyValue> attributes, string key) =>
        attributes.FirstOrDefault(attribute => attribute.Key == key)?.Value?.StringValue;

    private static List<SpanView> Attach(Dictionary<(string, string), SpanView> nodes)
    {
        var roots = new List<SpanView>();
        foreach (var node in nodes.Values)
        {
            var parent = node.Span.ParentSpanId.IsEmpty ? null : nodes.GetValueOrDefault((node.TraceId, Hex(node.Span.ParentSpanId)));
            if (parent is null || IsBelow(parent, node, nodes))
                roots.Add(node);
            else
                parent.Children.Add(node);
        }

        return [.. roots.Order(SpanView.ByTime)];
    }

    /// <summary>Detects circles of parents, which broken senders cause, so that the tree is finite.</summary>
    private static bool IsBelow(SpanView node, SpanView ancestor, Dictionary<(string, string), SpanView> nodes)
    {
        var current = node;
        for (var steps = 0; current is not null && steps <= nodes.Count; steps++)
        {
            if (current == ancestor)
                return true;
            current = nodes.GetValueOrDefault((current.TraceId, Hex(current.Span.ParentSpanId)));
        }

        return current is not null;
    }

    private static TraceView Make(string traceId, List<SpanView> allRoots, List<ReceivedLogRecord> allLoose)
    {
        SpanView[] roots = [.. allRoots.Where(root => root.TraceId == traceId)];
        ReceivedLogRecord[] loose = [.. allLoose.Where(log => Hex(log.LogRecord.TraceId) == traceId).OrderBy(Time)];
        var spans = roots.SelectMany(root => root.SelfAndDescendants).ToArray();
        var times = spans.Length > 0 ? spans.Select(node => node.Span.StartTimeUnixNano) : loose.Select(Time);
        var start = times.Min();
        return new(traceId, start, spans.Select(node => node.Span.EndTimeUnixNano).Append(start).Max(), roots, loose);
    }
}

/// <summary>A span with its children and log records. A span that arrived more than once is shown once.</summary>
internal sealed class SpanView(ReceivedSpan received)
{
    public static readonly Comparer<SpanView> ByTime = Comparer<SpanView>.Create((left, right) =>
    {
        var byStart = left.Span.StartTimeUnixNano.CompareTo(right.Span.StartTimeUnixNano);
        // The longer span comes first, because it more likely contains the other.
        var byEnd = right.Span.EndTimeUnixNano.CompareTo(left.Span.EndTimeUnixNano);
        return byStart != 0 ? byStart : byEnd != 0 ? byEnd : string.CompareOrdinal(TraceView.Hex(left.Span.SpanId), TraceView.Hex(right.Span.SpanId));
    });

    public ReceivedSpan Received => received;

    public Span Span => received.Span;

    public Resource Resource => received.Resource;

    public string TraceId { get; } = TraceView.Hex(received.Span.TraceId);

    public string? InvocationId { get; } = TraceView.Text(received.Span.Attributes, "faas.invocation_id");

    public bool IsError => Span.Status?.Code == Status.Types.StatusCode.Error;

    public ulong Duration => Span.EndTimeUnixNano > Span.StartTimeUnixNano ? Span.EndTimeUnixNano - Span.StartTimeUnixNano : 0;

    public List<ReceivedSpan> Copies { get; } = [];

    public List<SpanView> Children { get; } = [];

    public List<ReceivedLogRecord> Logs { get; } = [];

    public IEnumerable<SpanView> SelfAndDescendants => Children.SelectMany(child => child.SelfAndDescendants).Prepend(this);

    public void Sort()
    {
        Children.Sort(ByTime);
        var ordered = Logs.OrderBy(TraceView.Time).ToArray();
        Logs.Clear();
        Logs.AddRange(ordered);
    }
}
