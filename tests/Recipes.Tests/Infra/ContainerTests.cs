using System.IO.Compression;
using System.Runtime.InteropServices;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>The layer as an OCI image, built, read and unpacked by buildah, skopeo and umoci; then started.</summary>
public sealed class ContainerTests
{
    private static readonly string Architecture = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    [Fact]
    public async Task LayerImage_BuiltTwice_HasOneDigest()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        using var folder = new TemporaryFolder();

        await BuildAsync(folder.File("first"), zip);
        await BuildAsync(folder.File("second"), zip);

        Assert.Equal(await DigestAsync(folder.File("first")), await DigestAsync(folder.File("second")));
    }

    [Fact]
    public async Task LayerImage_OfTwoZips_IsAnIndexOfBothArchitectures()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        var skopeo = Tool.Require("skopeo");
        using var folder = new TemporaryFolder();
        // Only the names count here.
        File.Copy(zip, folder.File("layer-x86_64.zip"));
        File.Copy(zip, folder.File("layer-arm64.zip"));

        await BuildAsync(folder.File("image"), folder.File("layer-x86_64.zip"), folder.File("layer-arm64.zip"));

        foreach (var architecture in new[] { "amd64", "arm64" })
        {
            var config = await RunAsync(skopeo, ["inspect", "--override-arch", architecture, "--format", "{{.Architecture}}", $"oci:{folder.File("image")}:layer"]);
            Assert.Equal(architecture, config.Trim());
        }
    }

    [Fact]
    public async Task LayerImage_Unpacked_HoldsTheFilesOfTheZipAndRuns()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        var umoci = Tool.Require("umoci");
        using var folder = new TemporaryFolder();
        await BuildAsync(folder.File("image"), zip);

        await RunAsync(umoci, ["unpack", "--image", folder.File("image") + ":layer", folder.File("bundle")]);

        var opt = Path.Combine(folder.File("bundle"), "rootfs", "opt");
        using (var archive = await ZipFile.OpenReadAsync(zip, TestContext.Current.CancellationToken))
            Assert.Equal(archive.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal), FilesOf(opt));
        var (_, spans) = await LayerInSandbox.RunAsync(opt);
        Assert.Contains("init", spans);
    }

    /// <summary>Uses an empty base instead of AWS's, which is not available everywhere.</summary>
    [Fact]
    public async Task Dockerfile_WithTheLayerImage_CopiesTheExtensionIntoOpt()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        var buildah = Tool.Require("buildah");
        var umoci = Tool.Require("umoci");
        using var folder = new TemporaryFolder();
        await BuildAsync(folder.File("layer"), zip);
        string[] storage = ["--root", folder.File("storage"), "--runroot", folder.File("run"), "--storage-driver", "vfs"];

        // Use a relative name, because buildah requires lower case in image names, which folders need not have.
        await RunAsync(
            buildah,
            [.. storage, "bud", "--isolation", "chroot", "--build-arg", "BASE=scratch", "--build-arg", "LAYER=oci:layer:layer", "-t", "function", Repository.Path("infra", "container")],
            folder.Path);
        await RunAsync(buildah, [.. storage, "push", "--quiet", "function", $"oci:{folder.File("function")}:latest"]);
        await RunAsync(umoci, ["unpack", "--image", folder.File("function") + ":latest", folder.File("bundle")]);

        var root = Path.Combine(folder.File("bundle"), "rootfs");
        Assert.True(File.GetUnixFileMode(Path.Combine(root, "opt/extensions/telemetry-extension")).HasFlag(UnixFileMode.OtherExecute));
        Assert.True(File.Exists(Path.Combine(root, "var/task/index.mjs")));
    }

    [Fact]
    public async Task LayerImage_FolderThatIsNoImage_IsLeftAlone()
    {
        var zip = Repository.Zip("telemetry-extension-layer");
        Tool.Require("buildah");
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("mine"), "mine", TestContext.Current.CancellationToken);

        var result = await Tool.RunAsync(Repository.Path("infra/container/layer-image.sh"), [folder.Path, zip]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("is not an OCI layout", result.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("mine")));
    }

    private static async Task BuildAsync(string image, params string[] zips)
    {
        Tool.Require("buildah");
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("building an image needs root here");
        await RunAsync(Repository.Path("infra/container/layer-image.sh"), [image, .. zips]);
    }

    private static async Task<string> DigestAsync(string image) =>
        await RunAsync(Tool.Require("skopeo"), ["inspect", "--override-arch", Architecture, "--format", "{{.Digest}}", $"oci:{image}:layer"]);

    private static async Task<string> RunAsync(string program, string[] arguments, string? folder = null)
    {
        var result = await Tool.RunAsync(program, arguments, folder);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{result.All}");
        return result.Output;
    }

    private static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal);
}
