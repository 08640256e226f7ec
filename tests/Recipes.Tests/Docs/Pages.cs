using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <param name="Marker">The comment above the block without its brackets. Empty without one.</param>
internal sealed record Block(string Page, int Line, string Language, string Marker, string Text)
{
    public override string ToString() => $"{Page}:{Line}";
}

/// <summary>The documents for users: README.md and docs/ without the decisions, which describe the past.</summary>
internal static partial class Pages
{
    public static IReadOnlyList<string> All { get; } =
    [
        "README.md",
        .. Directory.GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.StartsWith("docs/decisions/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public static IReadOnlyList<Block> Blocks { get; } = [.. All.SelectMany(BlocksOf)];

    public static string Text(string page) => File.ReadAllText(Repository.Path(page));

    private static IEnumerable<Block> BlocksOf(string page)
    {
        var text = Text(page);
        foreach (Match match in Fence().Matches(text))
            yield return new(
                page, text[..match.Index].Count(character => character == '\n') + 1, match.Groups["language"].Value, match.Groups["marker"].Value.Trim(), match.Groups["text"].Value);
    }

    [GeneratedRegex("(?:^<!--(?<marker>[^\\n]*)-->\\n)?^```(?<language>\\w*)\\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
