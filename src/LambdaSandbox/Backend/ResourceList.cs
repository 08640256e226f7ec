using OpenTelemetry.Proto.Resource.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>Lists every distinct resource once, before the telemetry that belongs to them.</summary>
internal sealed class ResourceList(IEnumerable<Resource> resources) : Renderable
{
    private readonly Resource[] _resources = [.. resources.Distinct().OrderBy(resource => Plain.Attributes(resource.Attributes), StringComparer.Ordinal)];

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var page = new Page(Math.Max(maxWidth, 60), options.Unicode);
        foreach (var resource in _resources.Where(resource => resource.Attributes.Count > 0))
        {
            page.Line(("resource", new Style(decoration: Decoration.Bold)));
            var attributes = resource.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).ToArray();
            var keyWidth = Math.Min(30, attributes.Max(attribute => attribute.Key.Length));
            foreach (var attribute in attributes)
            {
                var key = $"  {Plain.Safe(attribute.Key).PadRight(keyWidth)}  ";
                page.Text("", [(key, new Style(decoration: Decoration.Dim))], Plain.Wrap(Plain.Value(attribute.Value), page.Width - key.Length), Style.Plain, 3);
            }

            page.Line();
        }

        return page.Segments;
    }
}
