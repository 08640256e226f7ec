using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <param name="File">Relative to the repository.</param>
/// <param name="IsKey">It stands in brackets before an assignment: the code sets this variable for a process that it starts.</param>
internal sealed record Literal(string File, string Text, bool IsKey)
{
    public override string ToString() => $"{File}: {Text}";
}

/// <summary>What our sources name. A new name cannot be forgotten, because it is found by its form, not by a list.</summary>
internal static partial class Sources
{
    /// <summary>Every string in quotes in src/, without those in comments and in raw strings (help texts).</summary>
    public static IReadOnlyList<Literal> Literals { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .SelectMany(LiteralsOf),
    ];

    public static bool IsOfExtension(Literal literal) => literal.File.StartsWith("src/TelemetryExtension/", StringComparison.Ordinal);

    /// <summary>A script without its comments.</summary>
    public static string Script(string file) => Remark().Replace(File.ReadAllText(Repository.Path(file)), "");

    private static IEnumerable<Literal> LiteralsOf(string file)
    {
        var text = File.ReadAllText(Repository.Path(file));
        foreach (Match match in Token().Matches(text))
            if (match.Groups["text"] is { Success: true } literal)
                yield return new(file, literal.Value, KeyEnd().IsMatch(text, match.Index + match.Length));
    }

    // What comes first wins, so that a quote in a comment begins no string.
    [GeneratedRegex("""
        //[^\n]*|/\*.*?\*/|'(?:\\.|[^\\'\n])+'|\$*("{3,}).*?\1|\$?@"(?:[^"]|"")*"|"(?<text>(?:\\.|[^"\\\n])*)"
        """, RegexOptions.Singleline)]
    private static partial Regex Token();

    [GeneratedRegex(@"\G\] =(?!=)")]
    private static partial Regex KeyEnd();

    [GeneratedRegex(@"^\s*#.*$", RegexOptions.Multiline)]
    private static partial Regex Remark();
}
