using System.Text.RegularExpressions;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>Runs infra/release/release.sh with the existing layer. `make release` builds both architectures first.</summary>
public sealed partial class ReleaseTests
{
    private static string Script => Repository.Path("infra/release/release.sh");

    [Fact]
    public async Task Release_MadeTwice_IsTheSameAndItsSumsAndSignatureVerify()
    {
        var keygen = Tool.Require("ssh-keygen");
        using var folder = Artifacts();
        var key = folder.File("key");
        await RunAsync(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", key]);

        await ReleaseAsync(folder, "first", key);
        await ReleaseAsync(folder, "second", key);

        var first = Content(folder.File("first"));
        Assert.Equal(
            ["RELEASE_NOTES.md", "SHA256SUMS", "SHA256SUMS.sig", .. Layer("arm64"), "telemetry-extension-layer-oci.tar", .. Layer("x86_64")], first.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(first, Content(folder.File("second")));
        await RunAsync(Tool.Require("sha256sum"), ["--check", "--strict", "SHA256SUMS"], folder.File("first"));
        await VerifyAsync(folder, key, "first", expected: true);
        await File.AppendAllTextAsync(Path.Combine(folder.File("first"), "SHA256SUMS"), "changed\n", TestContext.Current.CancellationToken);
        await VerifyAsync(folder, key, "first", expected: false);
    }

    [Fact]
    public async Task Release_SignedByMinisign_Verifies()
    {
        var minisign = Tool.Require("minisign");
        using var folder = Artifacts();
        await RunAsync(minisign, ["-G", "-W", "-p", folder.File("key.pub"), "-s", folder.File("key")]);

        await ReleaseAsync(folder, "release", minisignKey: folder.File("key"));

        await RunAsync(minisign, ["-V", "-p", folder.File("key.pub"), "-m", Path.Combine(folder.File("release"), "SHA256SUMS")]);
    }

    [Fact]
    public async Task Release_LayerOutOfItsImage_Runs()
    {
        var umoci = Tool.Require("umoci");
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("umoci unpacks the first image of an index, which is x86_64");
        using var folder = Artifacts();
        await ReleaseAsync(folder, "release");
        Directory.CreateDirectory(folder.File("image"));
        await RunAsync("tar", ["-xf", Path.Combine(folder.File("release"), "telemetry-extension-layer-oci.tar"), "-C", folder.File("image")]);
        await RunAsync(Tool.Require("skopeo"), ["copy", "--override-arch", "amd64", $"oci:{folder.File("image")}:layer", $"oci:{folder.File("one")}:layer"]);

        await RunAsync(umoci, ["unpack", "--image", folder.File("one") + ":layer", folder.File("bundle")]);

        var (_, spans) = await LayerInSandbox.RunAsync(Path.Combine(folder.File("bundle"), "rootfs", "opt"));
        Assert.Contains("init", spans);
    }

    [Theory]
    [InlineData("v99.0.0", "but Directory.Build.props has version")]
    [InlineData("", "is missing: run make layer ARCHITECTURE=all")]
    public async Task Release_ThatCannotBe_SaysWhy(string tag, string reason)
    {
        using var empty = new TemporaryFolder();

        var result = await Tool.RunAsync(Script, ["--artifacts", empty.Path, "--out", empty.File("release"), .. tag.Length > 0 ? ["--tag", tag] : Array.Empty<string>()]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(reason, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_StandsInOnePlace()
    {
        var version = Version().Match(File.ReadAllText(Repository.Path("Directory.Build.props"))).Groups[1].Value;

        Assert.Matches(@"^\d+\.\d+\.\d+", version);
        Assert.DoesNotContain(
            Directory.GetFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories), project => File.ReadAllText(project).Contains("<Version>", StringComparison.Ordinal));
        // npm requires a version in each package, and a document names this version's image.
        Assert.Contains($"\"version\": \"{version}\"", File.ReadAllText(Repository.Path("infra/cdk/package.json")), StringComparison.Ordinal);
        Assert.Contains($"telemetry-extension-layer:{version}", File.ReadAllText(Repository.Path("docs/attach/container-image.md")), StringComparison.Ordinal);
    }

    /// <summary>https://keepachangelog.com/en/1.1.0/: sections by version, with kinds of change in each.</summary>
    [Fact]
    public void Changelog_Form_IsThatOfKeepAChangelog()
    {
        var lines = File.ReadAllLines(Repository.Path("CHANGELOG.md"));

        Assert.Equal("## [Unreleased]", lines.First(line => line.StartsWith("## ", StringComparison.Ordinal)));
        Assert.All(lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Skip(1), line => Assert.Matches(@"^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$", line));
        Assert.All(lines.Where(line => line.StartsWith("### ", StringComparison.Ordinal)), line => Assert.Contains(line[4..], Kinds));
    }

    private static readonly string[] Kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

    private static string[] Layer(string architecture) => [$"telemetry-extension-layer-{architecture}.cdx.json", $"telemetry-extension-layer-{architecture}.zip"];

    /// <summary>This machine's layer under both names, each with a placeholder for the bill of material.</summary>
    private static TemporaryFolder Artifacts()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        Tool.Require("buildah");
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("building an image needs root here");
        var folder = new TemporaryFolder();
        foreach (var architecture in new[] { "x86_64", "arm64" })
        {
            File.Copy(zip, folder.File($"telemetry-extension-layer-{architecture}.zip"));
            File.WriteAllText(folder.File($"telemetry-extension-layer-{architecture}.cdx.json"), "{}");
        }

        return folder;
    }

    private static async Task ReleaseAsync(TemporaryFolder folder, string name, string? key = null, string? minisignKey = null) => await RunAsync(
        Script, ["--artifacts", folder.Path, "--out", folder.File(name)], environment: new()
        {
            ["RELEASE_SIGNING_KEY"] = key ?? "",
            ["RELEASE_MINISIGN_KEY"] = minisignKey ?? "",
        });

    private static async Task VerifyAsync(TemporaryFolder folder, string key, string name, bool expected)
    {
        await File.WriteAllTextAsync(folder.File("allowed_signers"), "release " + await File.ReadAllTextAsync(key + ".pub", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var result = await Tool.RunAsync(
            "/bin/sh", ["-c", "ssh-keygen -Y verify -f ../allowed_signers -I release -n telemetry-extension -s SHA256SUMS.sig <SHA256SUMS"], folder.File(name));
        Assert.True((result.ExitCode == 0) == expected, result.All);
    }

    private static Dictionary<string, string> Content(string folder) => Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), Sha256.Of);

    private static async Task RunAsync(string program, string[] arguments, string? folder = null, Dictionary<string, string>? environment = null)
    {
        var result = await Tool.RunAsync(program, arguments, folder, environment);
        Assert.True(result.ExitCode == 0, $"{program}: {result.All}");
    }

    [GeneratedRegex("<Version>([^<]+)</Version>")]
    private static partial Regex Version();
}
