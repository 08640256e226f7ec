using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Tests.CommandLine;

/// <summary>docs/local.md describes exactly the existing options.</summary>
public sealed partial class LocalPageTests
{
    [Fact]
    public void Page_NamesEveryOptionOfRunAndServe()
    {
        var page = File.ReadAllText(PagePath());
        var options = Root.Create().Subcommands.Where(command => command.Name is "run" or "serve").SelectMany(command => command.Options).Select(option => option.Name);
        Assert.Empty(options.Distinct().Where(name => name.StartsWith("--", StringComparison.Ordinal) && !page.Contains($"`{name}`", StringComparison.Ordinal)).ToList());
    }

    [Fact]
    public void Page_NamesNoOptionThatThereIsNot()
    {
        string[] foreign = ["--global", "--add-source", "--endpoint-url", "--function-name", "--payload", "--cli-binary-format", "--help"];
        var known = Root.Create().Subcommands.SelectMany(command => command.Options).Select(option => option.Name).Concat(foreign).ToHashSet();
        Assert.Empty(Option().Matches(File.ReadAllText(PagePath())).Select(match => match.Value).Distinct().Where(name => !known.Contains(name)).ToList());
    }

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    private static string PagePath([CallerFilePath] string here = "")
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "docs", "local.md")))
                return Path.Combine(folder.FullName, "docs", "local.md");
        throw new FileNotFoundException("docs/local.md", here);
    }
}
