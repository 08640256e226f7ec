namespace TelemetryExtension.Tests.Rooms;

public sealed class DecisionsTests
{
    [Fact]
    public void Index_NamesEveryDecision()
    {
        var index = Repository.Text("docs", "decisions", "README.md");

        Assert.All(
            Directory.GetFiles(Path.Combine(Repository.Root, "docs", "decisions"), "0*.md").Select(Path.GetFileName),
            file => Assert.Contains($"({file})", index, StringComparison.Ordinal));
    }
}
