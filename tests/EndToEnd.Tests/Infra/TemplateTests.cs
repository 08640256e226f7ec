using System.Runtime.Versioning;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Infra;

[SupportedOSPlatform("linux")]
public class TemplateTests
{
    [Fact]
    public async Task Template_CfnLint_FindsNothing()
    {
        var result = await Tool.RunAsync(Tool.Require("cfn-lint"), [Repository.Path("template.yaml")]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Theory]
    [InlineData("build-TelemetryLayer", "extensions/telemetry-extension")]
    [InlineData("build-DemoFunction", "bootstrap")]
    public async Task SamTargets_InTheRootMakefile_FillTheFolderThatSamNames(string target, string expected)
    {
        // This is what sam build runs for ContentUri: . (see layer/Makefile). Without the zips it would start a native build.
        var make = Tool.Require("make");
        Repository.Zip("telemetry-extension-layer");
        using var folder = new TemporaryFolder();

        var result = await Tool.RunAsync(make, [target, $"ARTIFACTS_DIR={folder.Path}"]);

        Assert.True(result.ExitCode == 0, result.All);
        Assert.True(File.GetUnixFileMode(folder.File(expected)).HasFlag(UnixFileMode.OtherExecute));
    }
}
