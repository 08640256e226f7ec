using System.IO.Compression;
using System.Runtime.Versioning;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Layer;

[SupportedOSPlatform("linux")]
public class LayerPackageTests
{
    [Fact]
    public void LayerZip_Content_IsTheExtensionTheWrapperAndTheLicences()
    {
        Assert.Equal(
            ["extensions/telemetry-extension 755", "licenses/telemetry-extension/LICENSE 644", "licenses/telemetry-extension/NOTICE 644", "telemetry-wrapper 755"],
            Entries(Repository.Zip("telemetry-extension-layer")));
    }

    [Fact]
    public void FunctionZip_Content_IsTheBootstrapExecutable()
    {
        Assert.Equal(["bootstrap 755"], Entries(Repository.Zip("demo-function")));
    }

    [Theory]
    [InlineData("telemetry-extension-layer", "extensions/telemetry-extension")]
    [InlineData("demo-function", "bootstrap")]
    public async Task Binary_LinkedStatically_NeedsNothingOfTheSystem(string zip, string entry)
    {
        var file = Tool.Require("file");
        var archive = Repository.Zip(zip);
        using var folder = new TemporaryFolder();
        ZipFile.ExtractToDirectory(archive, folder.Path);

        var result = await Tool.RunAsync(file, ["--brief", folder.File(entry)]);

        Assert.Contains("statically linked", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packing_SameContentWithOtherTimesAndModes_GivesTheSameBytes()
    {
        Tool.Require("zip");
        Tool.Require("unzip");
        using var folder = new TemporaryFolder();
        var first = await PackAsync(folder, "first", "z", "a", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var second = await PackAsync(folder, "second", "a", "z", (UnixFileMode)0b111_111_101);

        Assert.Equal(await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(second, TestContext.Current.CancellationToken));
        Assert.Equal(["data/a 644", "data/z 644", "run 755"], Entries(first));
    }

    private static async Task<string> PackAsync(TemporaryFolder root, string name, string written, string writtenNext, UnixFileMode executable)
    {
        var content = Directory.CreateDirectory(root.File(name));
        content.CreateSubdirectory("data");
        foreach (var file in new[] { written, writtenNext })
            await File.WriteAllTextAsync(System.IO.Path.Combine(content.FullName, "data", file), file, TestContext.Current.CancellationToken);
        var run = System.IO.Path.Combine(content.FullName, "run");
        await File.WriteAllTextAsync(run, "#!/bin/sh\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(run, executable);
        File.SetLastWriteTimeUtc(run, new DateTime(2020, 1, written == "a" ? 1 : 2, 0, 0, 0, DateTimeKind.Utc));

        var zip = root.File(name + ".zip");
        var result = await Tool.RunAsync("/bin/sh", [Repository.Path("layer", "pack.sh"), content.FullName, zip]);
        Assert.True(result.ExitCode == 0, result.All);
        return zip;
    }

    private static string[] Entries(string zip)
    {
        using var archive = ZipFile.OpenRead(zip);
        return [.. archive.Entries.Select(entry => $"{entry.FullName} {Convert.ToString((entry.ExternalAttributes >> 16) & 0b111_111_111, 8)}")];
    }
}
