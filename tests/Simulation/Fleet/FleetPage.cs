using System.Globalization;
using System.Text;

namespace Simulation.Fleet;

/// <summary>Draws a run for docs/decisions: the folder that TELEMETRY_EXTENSION_FLEET_CURVES names gets an SVG. Without it nothing is drawn.</summary>
internal static class FleetPage
{
    private const int Width = 860;
    private const int Left = 60;
    private const int PlotHeight = 120;
    private const int PlotTop = 50;
    private const int Step = 5;

    public static void Write(FleetRun run, string name, string title, IReadOnlyList<(int Second, string What)> marks)
    {
        if (Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_FLEET_CURVES") is { Length: > 0 } folder)
            File.WriteAllText(Path.Combine(folder, $"fleet-{name}.svg"), Draw(run, title, marks));
    }

    private static string Draw(FleetRun run, string title, IReadOnlyList<(int Second, string What)> marks)
    {
        var svg = new StringBuilder();
        var height = PlotTop + (3 * (PlotHeight + 40));
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"white\"/>\n<text x=\"{Left}\" y=\"20\" font-size=\"14\">{title}</text>\n");
        var capacity = run.Capacity * Step;
        Plot(svg, run, 0, "% of the capacity: new (blue), sent again (red)", 100, [("#1f77b4", second => second.Useful / capacity * 100), ("#d62728", second => second.Wasted / capacity * 100)]);
        var requests = Enumerable.Range(0, run.Curves.Seconds).Max(second => run.Curves[second].Requests);
        Plot(svg, run, 1, "requests a second (blue), of them refused (red)", requests, [("#1f77b4", static second => second.Requests / (double)Step), ("#d62728", static second => second.Refused / (double)Step)]);
        var outstanding = Enumerable.Range(0, run.Curves.Seconds).Max(second => run.Curves[second].Outstanding);
        Plot(svg, run, 2, "records that wait", outstanding, [("#1f77b4", static second => second.Outstanding / (double)Step)]);
        foreach (var (second, what) in marks)
        {
            var x = X(run, second);
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x:0} {PlotTop - 8}V{height - 30}\" stroke=\"#999\" stroke-dasharray=\"3 3\"/><text x=\"{x + 3:0}\" y=\"{PlotTop - 10}\" fill=\"#555\">{what}</text>\n");
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void Plot(StringBuilder svg, FleetRun run, int row, string label, double most, IReadOnlyList<(string Color, Func<FleetCurves.Second, double> Value)> lines)
    {
        var top = PlotTop + (row * (PlotHeight + 40));
        var bottom = top + PlotHeight;
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {top}V{bottom}H{Width - 10}\" fill=\"none\" stroke=\"#333\"/><text x=\"{Left}\" y=\"{bottom + 14}\">0 s</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - 60}\" y=\"{bottom + 14}\">{run.Curves.Seconds} s</text><text x=\"{Left + 200}\" y=\"{bottom + 14}\">{label}</text><text x=\"{Left - 5}\" y=\"{top + 8}\" text-anchor=\"end\">{most:0}</text>\n");
        foreach (var (color, value) in lines)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" points=\"");
            for (var from = 0; from + Step <= run.Curves.Seconds; from += Step)
                svg.Append(CultureInfo.InvariantCulture, $"{X(run, from):0},{bottom - (PlotHeight * Math.Min(1, run.Curves.Sum(from, from + Step, value) / most)):0} ");
            svg.Append("\"/>\n");
        }
    }

    private static double X(FleetRun run, int second) => Left + ((Width - Left - 10) * (double)second / run.Curves.Seconds);
}
