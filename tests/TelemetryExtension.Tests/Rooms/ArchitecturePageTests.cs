using System.Text.RegularExpressions;

namespace TelemetryExtension.Tests.Rooms;

/// <summary>docs/architecture.md shows newcomers the right files, so it must stay correct.</summary>
public sealed partial class ArchitecturePageTests
{
    private static string Page => Repository.Text("docs", "architecture.md");

    [Fact]
    public void Files_OnThePage_Exist()
    {
        var named = Path().Matches(Page).Select(static match => match.Groups[1].Value).ToList();

        Assert.InRange(named.Count, 20, 200);
        Assert.All(named, file => Assert.True(File.Exists(System.IO.Path.Combine(Repository.Root, "src", "TelemetryExtension", file)), file));
    }

    [Fact]
    public void Rooms_AreAllOnThePage() => Assert.All(
        SourceFiles.All().Select(static file => file.Folder.Split('/')[0]).Where(static room => room != "Program.cs").Distinct(),
        room => Assert.Contains($"`{room}`", Page, StringComparison.Ordinal));

    [GeneratedRegex(@"`((?:\w+/)+[\w.]+\.cs)`")]
    private static partial Regex Path();
}
