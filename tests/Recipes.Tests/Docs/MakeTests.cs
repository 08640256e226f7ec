using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <summary>Targets and variables of the Makefile: its help, the documents and the rules have the same.</summary>
public sealed partial class MakeTests
{
    // Targets without a line of help, which are no user's.
    private static readonly Dictionary<string, string> Internal = new()
    {
        ["layer-here"] = "a part of others",
        ["layers"] = "a part of layer",
        ["prerequisites"] = "a part of layer",
        ["node-function"] = "a part of test",
        ["node-clients"] = "a part of test",
        ["build-DemoFunction"] = "sam build calls it",
        ["build-TelemetryLayer"] = "sam build calls it",
        ["dev-tools"] = "a part of test; the reason of a skipped test names it",
    };

    private static string Makefile => File.ReadAllText(Repository.Path("Makefile"));

    private static string Text => string.Concat(Pages.All.Append("CONTRIBUTING.md").Select(Pages.Text));

    private static HashSet<string> Targets => [.. Phony().Match(Makefile).Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static HashSet<string> Help => [.. HelpLine().Matches(Makefile).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Targets_OfTheHelp_AreTheRules()
    {
        Assert.Equal(Targets.Except(Internal.Keys).Order(), Help.Order());
        Assert.All(Targets, target => Assert.Matches($@"(?m)^(?:[\w-]+ )*{Regex.Escape(target)}(?: [\w-]+)*:", Makefile));
        Difference.IsNone(Internal.Keys.Except(Targets));
    }

    [Fact]
    public void Targets_OfTheHelp_AreDocumented() => Difference.IsNone(Help.Except(Called().Matches(Text).Select(match => match.Groups[1].Value)));

    [Fact]
    public void Targets_InDocuments_Exist() => Difference.IsNone(Called().Matches(Text).Select(match => match.Groups[1].Value).Distinct().Except(Targets));

    [Fact]
    public void Variables_InDocuments_AreReadByTheMakefile()
    {
        var used = Given().Matches(Text).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.NotEmpty(used);
        Assert.All(used, name => Assert.Contains($"$({name})", Makefile, StringComparison.Ordinal));
    }

    /// <summary>What a rule reads and nothing sets is given by the caller. The help or a document says so.</summary>
    [Fact]
    public void Variables_OfTheMakefile_AreExplained()
    {
        var given = Used().Matches(Makefile).Select(match => match.Groups[1].Value).Distinct()
            .Where(name => !Regex.IsMatch(Makefile, $@"(?m)^{name} :?=") && name is not ("MAKE" or "CURDIR" or "CC"));
        var help = string.Concat(Makefile.Split('\n').Where(line => line.StartsWith('#')));

        Assert.All(given, name => Assert.Contains(name, help + Text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\.PHONY: (.*)$", RegexOptions.Multiline)]
    private static partial Regex Phony();

    [GeneratedRegex("^# make ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex HelpLine();

    // In code only: "make" is a word of English too.
    [GeneratedRegex(@"(?:`|^)make ([a-zA-Z][\w-]*)", RegexOptions.Multiline)]
    private static partial Regex Called();

    [GeneratedRegex(@"(?:`|^)make [\w-]+ ([A-Z_]+)=", RegexOptions.Multiline)]
    private static partial Regex Given();

    [GeneratedRegex(@"\$\((?:if \$\()?([A-Z_]+)\)")]
    private static partial Regex Used();
}
