using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>Builds lines of styled text from the characters that the terminal can show.</summary>
internal sealed class Page(int width, bool unicode)
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private readonly List<Segment> _segments = [];

    public int Width => width;

    public bool Unicode => unicode;

    public IReadOnlyList<Segment> Segments => _segments;

    public string Tee => unicode ? "├─ " : "|- ";

    public string Corner => unicode ? "└─ " : "`- ";

    public string Pipe => unicode ? "│  " : "|  ";

    public string Dot => unicode ? "·" : "-";

    /// <summary>Replaces the only character of a duration that is not ASCII.</summary>
    public string Short(string duration) => unicode ? duration : duration.Replace('µ', 'u');

    public void Line(params ReadOnlySpan<(string Text, Style Style)> parts)
    {
        foreach (var (text, style) in parts)
        {
            if (text.Length > 0)
                _segments.Add(new Segment(text, style));
        }

        _segments.Add(Segment.LineBreak);
    }

    /// <summary>Writes text after a tree and a head. Further lines are aligned with the first. Beyond the limit a count replaces the rest.</summary>
    public void Text(string tree, (string Text, Style Style)[] head, IEnumerable<string> lines, Style style, int maxLines)
    {
        var all = lines.ToArray();
        var indent = new string(' ', head.Sum(part => Plain.Width(part.Text)));
        for (var i = 0; i < Math.Min(all.Length, maxLines); i++)
        {
            if (i == 0)
                Line([(tree, Dim), .. head, (all[i], style)]);
            else
                Line((tree + indent, Dim), (all[i], style));
        }

        if (all.Length > maxLines)
            Line((tree + indent, Dim), ($"({Plain.Count(all.Length - maxLines, "more line")})", Dim));
    }
}
