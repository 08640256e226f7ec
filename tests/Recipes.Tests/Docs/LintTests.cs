using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>Format, spelling and links of the documents.</summary>
public sealed class LintTests
{
    private static string Config(string name) => Repository.Path("infra", "dev", name);

    [Fact]
    public async Task Documents_Markdownlint_FindsNothing() =>
        await CleanAsync("markdownlint-cli2", ["--config", Config(".markdownlint-cli2.jsonc"), .. Pages.All]);

    [Fact]
    public async Task Documents_Cspell_KnowsEveryWord() =>
        await CleanAsync("cspell", ["--config", Config("cspell.json"), "--no-progress", "--no-summary", "--show-context", .. Pages.All]);

    /// <summary>Checks links to files and headings. Others are not followed.</summary>
    [Fact]
    public async Task Documents_Links_LeadSomewhere() => await CleanAsync(
        "remark", ["--frail", "--quiet", "--no-stdout", "--use", Path.Combine(DevTools.Modules("dev-tools"), "remark-validate-links", "index.js") + "=repository:false", .. Pages.All]);

    private static async Task CleanAsync(string program, string[] arguments)
    {
        var result = await Tool.RunAsync(DevTools.Require(program), arguments);
        Assert.True(result.ExitCode == 0, result.All);
    }
}
