namespace Recipes.Tests.Docs;

/// <summary>A block with <c>from FILE</c> occurs in that file line by line. The file itself is tested.</summary>
public sealed class SnippetTests
{
    [Fact]
    public void Blocks_FromAFile_StandInIt() => Assert.All(Pages.Blocks.Where(block => block.Marker.StartsWith("from ", StringComparison.Ordinal)), block =>
    {
        var file = File.ReadAllText(Repository.Path(block.Marker["from ".Length..].Trim()));
        Assert.True(file.Contains(block.Text, StringComparison.Ordinal), $"{block} is not what stands in {block.Marker["from ".Length..]}");
    });

    /// <summary>Snippets for the users' own files are tested as a part of a whole file.</summary>
    [Fact]
    public void Blocks_OfConfiguration_SayWhereTheyAreFrom() => Assert.All(
        Pages.Blocks.Where(block => block.Language is "yaml" or "hcl" or "ts" or "dockerfile"),
        block => Assert.StartsWith("from ", block.Marker, StringComparison.Ordinal));
}
