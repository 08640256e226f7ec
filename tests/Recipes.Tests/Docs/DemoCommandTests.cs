using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>The command that <c>make demo</c> runs after building the zips.</summary>
[Collection(AwsCollection.Name)]
public sealed class DemoCommandTests
{
    [Theory]
    [InlineData("otlp")]
    [InlineData("cloudwatch")]
    public async Task Demo_WithTheLayer_ExitsWithZero(string destination)
    {
        var python = Tool.Require("python3");
        if (destination == "cloudwatch" && (await Tool.RunAsync(python, ["-c", "import moto.server"])).ExitCode != 0)
            Assert.Skip("a local CloudWatch Logs needs python3 and moto (pip install 'moto[server]')");
        string[] arguments =
            [Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll"), "demo", "--layer", Repository.Zip("telemetry-extension-layer"), "--function", Repository.Zip("demo-function")];

        var result = await Tool.RunAsync(Tool.Require("dotnet"), destination == "otlp" ? arguments : [.. arguments, "--destination", destination]);

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("order-processing", result.Output, StringComparison.Ordinal);
    }
}
