using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Tests.CommandLine;

public sealed class EnvironmentFileTests
{
    [Fact]
    public void Parse_CommentsQuotesAndExport_AreUnderstood() => Assert.Equal(
        [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "")],
        EnvironmentFile.Parse(["# a comment", "", "A=1", "export B=\"two words\"", " C = x=y", "D="], "file"));

    [Fact]
    public void Parse_NoAssignment_NamesTheLine()
    {
        var error = Assert.Throws<SandboxException>(() => EnvironmentFile.Parse(["A=1", "nonsense"], "my.env"));
        Assert.Contains("my.env:2", error.Message, StringComparison.Ordinal);
    }
}
