using System.CommandLine;
using System.Text.RegularExpressions;
using LambdaSandbox.CommandLine;

namespace Recipes.Tests.Docs;

/// <summary>Commands and options of our programs and scripts: documents and code have the same.</summary>
public sealed partial class OptionTests
{
    // Options in documents that are other programs'.
    private static readonly Dictionary<string, string[]> OfOthers = new()
    {
        ["aws"] = ["--capabilities", "--cli-binary-format", "--compatible-architectures", "--dashboard-body", "--dashboard-name", "--endpoint-url", "--environment", "--filter-pattern", "--function-name", "--layer-name", "--layers", "--license-info", "--log-group-name", "--log-type", "--output", "--parameter-overrides", "--payload", "--policy-document", "--policy-name", "--query", "--region", "--role-name", "--stack-name", "--template-file", "--zip-file"],
        ["sam"] = ["--guided"],
        ["dotnet"] = ["--add-source", "--global"],
        ["docker, buildah, skopeo"] = ["--all", "--build-arg", "--from"],
        ["node"] = ["--import"],
        ["osls"] = ["--param"],
        ["cdk"] = ["--app"],
        ["umoci"] = ["--image"],
        ["sha256sum"] = ["--check"],
    };

    // Each says what it does by --help, and the documents name the ones that a user needs.
    private static readonly string[] Scripts = ["infra/publish/publish.sh", "infra/release/release.sh"];

    private static IEnumerable<Command> Commands => Root.Create().Subcommands;

    [Fact]
    public void Options_InDocuments_Exist()
    {
        var known = Commands.SelectMany(command => command.Options).Select(option => option.Name)
            .Concat(OfExtension())
            .Concat(Scripts.SelectMany(script => Option().Matches(Sources.Script(script)).Select(match => match.Value)))
            .Concat(OfOthers.Values.SelectMany(options => options))
            .ToHashSet();
        var unknown = Pages.All.SelectMany(page => Option().Matches(Pages.Text(page)).Select(match => (Page: page, Option: match.Value)))
            .Where(used => !known.Contains(used.Option));

        Difference.IsNone(unknown);
    }

    /// <summary>Each line of a block that calls the sandbox is one that its parser takes. An ellipsis stands for options of a line above.</summary>
    [Fact]
    public void Commands_OfTheSandbox_AreParsedWithoutErrors()
    {
        var lines = Pages.Blocks.Where(block => block.Language == "sh")
            .SelectMany(block => Continued().Replace(block.Text, " ").Split('\n').Select(line => (block.Page, Line: line.Trim())))
            .Where(line => line.Line.StartsWith("lambda-sandbox ", StringComparison.Ordinal)).ToList();
        var wrong = lines.SelectMany(line => Root.Create().Parse(Words(line.Line), new ParserConfiguration { ResponseFileTokenReplacer = null }).Errors.Select(error => $"{line.Page}: {line.Line}: {error.Message}"));

        Assert.NotEmpty(lines);
        Difference.IsNone(wrong);
    }

    [Fact]
    public void Options_OfTheSandbox_AreDocumented()
    {
        var text = string.Concat(Pages.All.Select(Pages.Text));
        var named = Option().Matches(text).Select(match => match.Value).ToHashSet();

        Difference.IsNone(Commands.SelectMany(command => command.Options).Select(option => option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal)).Except(named));
        Assert.All(Commands, command => Assert.Contains($"lambda-sandbox {command.Name}", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Options_OfTheExtension_AreDocumented()
    {
        var text = string.Concat(Pages.All.Select(Pages.Text));

        Difference.IsNone(OfExtension().Except(Option().Matches(text).Select(match => match.Value)));
        Assert.All((string[])["telemetry-extension check", "telemetry-extension replay", "telemetry-extension --version"], command => Assert.Contains(command, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Options_OfScripts_AreInTheirHelp() => Assert.All(Scripts, script =>
    {
        var all = File.ReadAllText(Repository.Path(script));
        var help = string.Concat(all.Split('\n').TakeWhile(line => line.Length == 0 || line[0] == '#').Select(line => line + "\n"));
        Assert.All(Option().Matches(CaseLabels(all)).Select(match => match.Value).Where(option => option != "--help"), option => Assert.Contains($"#   {option} ", help, StringComparison.Ordinal));
    });

    /// <summary>An exception that nothing needs any more would hide the next fault.</summary>
    [Fact]
    public void Exceptions_OfTheseTests_AreNeeded() =>
        Difference.IsNone(OfOthers.Values.SelectMany(options => options).Except(Option().Matches(string.Concat(Pages.All.Select(Pages.Text))).Select(match => match.Value)));

    private static HashSet<string> OfExtension() =>
        [.. Sources.Literals.Where(Sources.IsOfExtension).Select(literal => literal.Text).Where(text => Option().Match(text).Length == text.Length && text.Length > 0)];

    /// <summary>As a shell splits it, up to a comment or a redirection.</summary>
    private static string[] Words(string line) =>
        [.. Word().Matches(line).Select(match => match.Value).TakeWhile(word => word[0] is not ('#' or '<' or '|')).Skip(1).Where(word => word != "…").Select(word => word.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal))];

    private static string CaseLabels(string script) => string.Concat(script.Split('\n').Where(line => CaseLabel().IsMatch(line)).Select(line => line[..line.IndexOf(')', StringComparison.Ordinal)] + "\n"));

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*[a-z]")]
    private static partial Regex Option();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex("""(?:'[^']*'|"[^"]*"|[^\s'"])+""")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s+--[a-z][^)]*\)")]
    private static partial Regex CaseLabel();
}
