using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>Log records without a trace and an invocation, in order of time.</summary>
internal sealed class LooseLogs(IReadOnlyList<ReceivedLogRecord> logs) : Renderable
{
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var page = new Page(Math.Max(maxWidth, 60), options.Unicode);
        page.Line(("log records outside of any invocation", new Style(decoration: Decoration.Bold)));
        foreach (var log in logs)
        {
            var time = $"  {Plain.Timestamp(TraceView.Time(log))} ";
            var attributes = log.LogRecord.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal);
            page.Text(
                "",
                [(time, new Style(decoration: Decoration.Dim)), (Severity.Name(log.LogRecord).PadRight(6), Severity.Style(log.LogRecord))],
                Plain.Wrap($"{Plain.Value(log.LogRecord.Body)}  {Plain.Attributes(attributes, "  ")}".TrimEnd(), page.Width - time.Length - 6),
                Style.Plain,
                maxLines: 6);
        }

        return page.Segments;
    }
}
