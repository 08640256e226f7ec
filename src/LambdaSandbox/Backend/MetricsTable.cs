using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>One row per metric stream. The column for attributes is present only when a stream has any.</summary>
internal sealed class MetricsTable(IReadOnlyList<MetricStream> streams) : Renderable
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var table = new Table().Border(options.Unicode ? TableBorder.Simple : TableBorder.Ascii).BorderStyle(Dim);
        string[] columns = ["metric", "value", "unit", "kind", .. streams.Any(stream => stream.Attributes.Length > 0) ? ["attributes"] : Array.Empty<string>()];
        foreach (var column in columns)
        {
            var header = new TableColumn(new Text(column, new Style(decoration: Decoration.Bold)));
            table.AddColumn(column is "metric" or "unit" or "kind" ? header.NoWrap() : header);
        }

        foreach (var stream in streams)
        {
            IRenderable[] cells =
            [
                new Text(Plain.Safe(stream.Name)),
                new Text(stream.Value, new Style(Color.Green)),
                new Text(Plain.Safe(stream.Unit)),
                new Text(stream.Kind, Dim),
                new Text(Plain.Safe(stream.Attributes), Dim),
            ];
            table.AddRow(cells[..columns.Length]);
        }

        return ((IRenderable)table).Render(options, maxWidth);
    }
}
