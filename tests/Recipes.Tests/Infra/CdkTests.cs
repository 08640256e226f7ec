using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>The construct's own tests, and the output of its example.</summary>
public sealed class CdkTests
{
    [Fact]
    public async Task Construct_CompiledAndTested_AndItsExampleSynthesized_PassesCfnLint()
    {
        var node = Tool.Require("node");
        var layer = Repository.Zip("telemetry-extension-layer");
        using var copy = new TemporaryFolder();
        var folder = copy.File("cdk");
        var modules = DevTools.Modules("cdk");
        Copies.Of(Repository.Path("infra", "cdk"), folder);
        Directory.CreateSymbolicLink(Path.Combine(folder, "node_modules"), modules);

        // One test runs all, because compiling takes longer than the rest.
        await RunAsync(node, ["node_modules/typescript/bin/tsc"], folder);
        var tests = await RunAsync(node, ["--test", "dist/test/"], folder);
        Assert.Matches("# pass [1-9]", tests);

        var output = Path.Combine(folder, "cdk.out");
        await RunAsync(node, ["dist/example/app.js"], folder, new() { ["CDK_OUTDIR"] = output, ["TELEMETRY_EXTENSION_ARTIFACTS"] = Path.GetDirectoryName(layer)! });
        // W3005: CDK itself writes a dependency twice.
        await RunAsync(Tool.Require("cfn-lint"), ["--ignore-checks", "W3005", "--", Path.Combine(output, "Orders.template.json")], folder);
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder, Dictionary<string, string>? environment = null)
    {
        var result = await Tool.RunAsync(program, arguments, folder, environment);
        Assert.True(result.ExitCode == 0, result.All);
        return result.Output;
    }
}
