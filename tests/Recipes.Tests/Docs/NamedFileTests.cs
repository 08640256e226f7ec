using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <summary>Files that the documents name exist, and files that users see are named.</summary>
public sealed partial class NamedFileTests
{
    [Fact]
    public void Files_InDocuments_Exist()
    {
        var missing = Pages.All.SelectMany(page => FileName().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Groups[1].Value)))
            .Where(used => !Path.Exists(Repository.Path(used.Name)));

        Difference.IsNone(missing);
    }

    /// <summary>Every recipe in infra/ is named in a document.</summary>
    [Fact]
    public void Recipes_InInfra_AreDocumented()
    {
        var text = string.Concat(Pages.All.Append("infra/terraform/README.md").Select(Pages.Text));
        var recipes = Directory.GetDirectories(Repository.Path("infra")).Select(Path.GetFileName).Where(name => name is not ("dev" or "model"))
            .Select(name => $"infra/{name}")
            .Concat(Directory.GetDirectories(Repository.Path("infra/backends")).Select(folder => $"infra/backends/{Path.GetFileName(folder)}"))
            .Concat(Directory.GetFiles(Repository.Path("infra/iam")).Concat(Directory.GetFiles(Repository.Path("infra/dashboards"))).Select(file => Path.GetRelativePath(Repository.Root, file)));

        Assert.All(recipes, recipe => Assert.Contains(recipe, text, StringComparison.Ordinal));
    }

    /// <summary>Links lead from README.md to every page. A link to a folder shows its README.md.</summary>
    [Fact]
    public void Documents_AllOfThem_AreReachedFromTheReadme()
    {
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var page))
            foreach (var target in LinksOf(page).Where(reached.Add))
                open.Enqueue(target);
        var documents = Directory.GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file));

        Difference.IsNone(documents.Append("CONTRIBUTING.md").Append("CHANGELOG.md").Append("SECURITY.md").Append("infra/terraform/README.md").Except(reached));
    }

    [Fact]
    public void Files_OfTheLayer_AreDocumented()
    {
        using var zip = ZipFile.OpenRead(Repository.Zip("telemetry-extension-layer"));
        var text = string.Concat(Pages.All.Select(Pages.Text));

        Assert.NotEmpty(zip.Entries);
        Assert.All(zip.Entries, entry => Assert.Contains($"/opt/{entry.FullName}", text, StringComparison.Ordinal));
    }

    /// <summary>What the script writes, beside the image that it packs into the tar.</summary>
    [Fact]
    public void Files_OfARelease_AreDocumented()
    {
        var page = Pages.Text("docs/releases.md");
        var files = ReleaseFile().Matches(Sources.Script("infra/release/release.sh")).Select(match => match.Groups["file"].Value).Where(name => name != "image").ToHashSet();

        Assert.Contains("SHA256SUMS", files);
        Assert.All(files.Concat(["SHA256SUMS.sig", "SHA256SUMS.minisig", "telemetry-extension-layer-x86_64.zip", ".cdx.json"]), file => Assert.Contains(file, page, StringComparison.Ordinal));
    }

    private static IEnumerable<string> LinksOf(string page) =>
        Link().Matches(Pages.Text(page)).Select(match => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.Path(page))!, match.Groups[1].Value)))
            .Select(path => Directory.Exists(path) ? Path.Combine(path, "README.md") : path)
            .Where(path => path.EndsWith(".md", StringComparison.Ordinal) && File.Exists(path))
            .Select(path => Path.GetRelativePath(Repository.Root, path));

    [GeneratedRegex(@"(?<![\w./-])((?:infra|src|tests|layer|docs)/[\w./-]*[\w])")]
    private static partial Regex FileName();

    [GeneratedRegex(@"\]\(([^)#\s:]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"""\$out/(?<file>[\w.-]+)""")]
    private static partial Regex ReleaseFile();
}
