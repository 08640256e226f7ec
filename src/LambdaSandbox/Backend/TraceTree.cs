using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>
/// Draws a trace as a tree: name, offset, duration and a bar for each span in columns, followed by attributes, events and log records. Items that <paramref
/// name="isNew"/> does not recognise are context: one dimmed line, or nothing.
/// </summary>
internal sealed class TraceTree(TraceView trace, Func<object, bool> isNew) : Renderable
{
    private const int TimeColumn = 9;
    private const int MaxLinesOfText = 12;

    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private static readonly Style Strong = new(decoration: Decoration.Bold);
    private static readonly Style Red = new(Color.Red);
    private static readonly Style RedStrong = new(Color.Red, decoration: Decoration.Bold);

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var page = new Page(Math.Max(maxWidth, 60), options.Unicode);
        Heading(page);
        foreach (var root in trace.Roots.Where(IsShown))
        {
            Branch(page, root, "", "");
        }

        foreach (var log in trace.LooseLogs.Where(log => isNew(log)))
            Log(page, log, "");
        return page.Segments;
    }

    private bool IsShown(SpanView node) => isNew(node.Received) || node.Logs.Any(isNew) || node.Children.Any(IsShown);

    private void Heading(Page page)
    {
        var spans = trace.All.ToArray();
        var invocation = spans.FirstOrDefault(node => node.InvocationId is not null);
        var marks = new List<string>();
        if (spans.Any(node => node.Span.Attributes.Any(attribute => attribute is { Key: "faas.coldstart", Value.BoolValue: true })))
            marks.Add("cold start");
        if (spans.Any(node => node.IsError))
            marks.Add("error");
        if (spans.Any(node => !isNew(node.Received)))
            marks.Add("arrived later");
        var named = invocation ?? (trace.Roots is [var root, ..] ? root : null);
        var title = Plain.Safe(named?.Span.Name ?? "log records without spans").Replace('\n', ' ');
        var ruler = page.Unicode ? '─' : '-';
        var text = $"{ruler}{ruler} {title}{string.Concat(marks.Select(mark => $" {page.Dot} {mark}"))} ";
        var total = $" {page.Short(Plain.Duration(trace.End - trace.Start))} {ruler}{ruler}";
        text = Plain.Truncate(text, page.Width - total.Length - 3, page.Unicode);
        page.Line(
            (text, marks.Contains("error") ? RedStrong : Strong),
            (new string(ruler, Math.Max(1, page.Width - Plain.Width(text) - total.Length)), Dim),
            (total, Strong));
        var counts = $"{Plain.Count(spans.Length, "span")}, {Plain.Count(trace.LooseLogs.Count + spans.Sum(node => node.Logs.Count), "log record")}";
        var one = spans.Select(node => node.InvocationId).OfType<string>().Distinct().Take(2).ToArray() is [var id] ? $"invocation {id}  " : "";
        page.Text("", [], Plain.Wrap($"trace {trace.TraceId}  {Plain.Timestamp(trace.Start)}", page.Width), Dim, 2);
        page.Text("", [], Plain.Wrap(one + counts, page.Width), Dim, 2);
        page.Line();
    }

    private void Branch(Page page, SpanView node, string first, string rest)
    {
        var children = node.Children.Where(IsShown).ToArray();
        var below = rest + (children.Length > 0 ? page.Pipe : "   ");
        SpanLine(page, node, first);
        if (isNew(node.Received))
            Details(page, node, below);
        foreach (var (_, action) in Moments(page, node, below).OrderBy(moment => moment.Time))
            action();
        for (var i = 0; i < children.Length; i++)
        {
            var last = i == children.Length - 1;
            Branch(page, children[i], rest + (last ? page.Corner : page.Tee), rest + (last ? "   " : page.Pipe));
        }
    }

    private void SpanLine(Page page, SpanView node, string tree)
    {
        var context = !isNew(node.Received);
        var barWidth = Math.Clamp(page.Width / 5, 12, 32);
        var left = page.Width - barWidth - (2 * TimeColumn) - 4;
        var kind = node.Span.Kind is Span.Types.SpanKind.Unspecified or Span.Types.SpanKind.Internal ? "" : " " + node.Span.Kind.ToString().ToUpperInvariant();
        var status = node.IsError ? " ERROR" : context ? " (above)" : "";
        var name = Plain.Truncate(Plain.Safe(node.Span.Name).Replace('\n', ' '), Math.Max(8, left - tree.Length - kind.Length - status.Length), page.Unicode);
        var padding = new string(' ', Math.Max(0, left - tree.Length - Plain.Width(name) - kind.Length - status.Length));
        var (before, bar, after) = Bar(node, barWidth, page.Unicode);
        var color = node.IsError ? Color.Red : node.InvocationId is not null ? Color.Green : Color.Blue;
        page.Line(
            (tree, Dim),
            (name, context ? Dim : node.IsError ? RedStrong : Strong),
            (kind, Dim),
            (status, context ? Dim : Red),
            (padding, Style.Plain),
            (page.Short(Plain.Offset(node.Span.StartTimeUnixNano, trace.Start)).PadLeft(TimeColumn + 1), Dim),
            (page.Short(Plain.Duration(node.Duration)).PadLeft(TimeColumn + 1), context ? Dim : Style.Plain),
            ("  ", Style.Plain),
            (before, Dim),
            (bar, context ? Dim : new Style(color)),
            (after, Dim));
    }

    /// <summary>The bar has at least one cell and stays inside the track.</summary>
    private (string Before, string Bar, string After) Bar(SpanView node, int width, bool unicode)
    {
        var total = Math.Max(1.0, trace.End - trace.Start);
        var from = (int)Math.Floor((node.Span.StartTimeUnixNano - trace.Start) / total * width);
        from = Math.Clamp(from, 0, width - 1);
        var to = (int)Math.Ceiling((node.Span.StartTimeUnixNano - trace.Start + node.Duration) / total * width);
        to = Math.Clamp(to, from + 1, width);
        var (empty, full) = unicode ? ('·', '━') : ('.', '=');
        return (new(empty, from), new(full, to - from), new(empty, width - to));
    }

    private static void Details(Page page, SpanView node, string tree)
    {
        var span = node.Span;
        if (span.Status is { Message.Length: > 0 } status)
            page.Text(tree, [], Plain.Wrap(status.Message, page.Width - tree.Length), node.IsError ? Red : Style.Plain, MaxLinesOfText);
        var shown = span.Attributes.Where(attribute => attribute.Key != "faas.invocation_id").ToList();
        if (shown.Count > 0)
            page.Text(tree, [], AttributeLines(shown, page.Width - tree.Length), Dim, MaxLinesOfText);
        foreach (var link in span.Links)
        {
            page.Text(tree, [("link ", Dim)], Plain.Wrap(
                $"trace {TraceView.Hex(link.TraceId)} span {TraceView.Hex(link.SpanId)} {Plain.Attributes(link.Attributes)}", page.Width - tree.Length - 5), Dim, 3);
        }

        if (node.Copies.Count > 0)
            page.Text(tree, [], [$"received {node.Copies.Count + 1} times"], new Style(Color.Yellow), 1);
    }

    /// <summary>Events and log records in one order of time.</summary>
    private IEnumerable<(ulong Time, Action Write)> Moments(Page page, SpanView node, string tree)
    {
        if (isNew(node.Received))
        {
            foreach (var item in node.Span.Events)
            {
                yield return (item.TimeUnixNano, () => Moment(
                    page, tree, item.TimeUnixNano, "event", new Style(Color.Teal), $"{item.Name}  {string.Join("  ", Pairs(item.Attributes))}".TrimEnd()));
            }
        }

        foreach (var log in node.Logs.Where(log => isNew(log)))
            yield return (TraceView.Time(log), () => Log(page, log, tree));
    }

    private void Log(Page page, ReceivedLogRecord log, string tree)
    {
        var attributes = log.LogRecord.Attributes.Where(attribute => attribute.Key != "faas.invocation_id").ToList();
        var text = Plain.Value(log.LogRecord.Body) + (attributes.Count > 0 ? "  " + string.Join("  ", Pairs(attributes)) : "");
        Moment(page, tree, TraceView.Time(log), Severity.Name(log.LogRecord), Severity.Style(log.LogRecord), text);
    }

    private void Moment(Page page, string tree, ulong time, string label, Style style, string text)
    {
        var offset = page.Short(Plain.Offset(time, trace.Start)).PadLeft(TimeColumn);
        var head = tree.Length + offset.Length + 1 + 6;
        page.Text(tree, [(offset + " ", Dim), (label.PadRight(6), style)], Plain.Wrap(text, page.Width - head), Style.Plain, MaxLinesOfText);
    }

    /// <summary>Keeps pairs whole where they fit. Of long values only the first line remains.</summary>
    private static IEnumerable<string> AttributeLines(IReadOnlyList<KeyValue> attributes, int width)
    {
        var line = "";
        foreach (var pair in Pairs(attributes))
        {
            if (line.Length > 0 && Plain.Width(line) + 2 + Plain.Width(pair) <= width)
            {
                line += "  " + pair;
                continue;
            }

            foreach (var full in line.Length == 0 ? [] : Plain.Wrap(line, width))
                yield return full;
            line = pair;
        }

        foreach (var full in Plain.Wrap(line, width))
            yield return full;
    }

    private static IEnumerable<string> Pairs(IEnumerable<KeyValue> attributes) =>
        attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute =>
        {
            var lines = Plain.Safe(Plain.Value(attribute.Value)).Split('\n');
            return $"{attribute.Key}={lines[0]}{(lines.Length > 1 ? $" (+{Plain.Count(lines.Length - 1, "line")})" : "")}";
        });
}
