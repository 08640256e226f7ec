using System.Text.Json;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>The example, packaged by osls, the maintained fork of the Serverless Framework 3.</summary>
[Collection(AwsCollection.Name)]
public sealed class ServerlessTests(LocalAws aws)
{
    private const string Layer = "arn:aws:lambda:eu-central-1:123456789012:layer:telemetry-extension-x86_64:1";

    [Fact]
    public async Task Example_PackagedByOsls_HasLayerAndEndpointAndPassesCfnLint()
    {
        var lint = Tool.Require("cfn-lint");
        using var copy = new TemporaryFolder();
        var folder = copy.File("serverless");
        Copies.Of(Repository.Path("infra", "serverless"), folder);

        var packaged = await Tool.RunAsync(
            Tool.Require("node"), [DevTools.Require("osls"), "package", $"--param=layer={Layer}", "--param=endpoint=https://otlp.example.com:4318"], folder, aws.Environment());
        Assert.True(packaged.ExitCode == 0, packaged.All);

        var template = Path.Combine(folder, ".serverless", "cloudformation-template-update-stack.json");
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(template, TestContext.Current.CancellationToken));
        var function = document.RootElement.GetProperty("Resources").GetProperty("OrdersLambdaFunction").GetProperty("Properties");
        Assert.Equal(Layer, function.GetProperty("Layers")[0].GetString());
        Assert.Equal("https://otlp.example.com:4318", function.GetProperty("Environment").GetProperty("Variables").GetProperty("TELEMETRY_EXTENSION_OTLP_ENDPOINT").GetString());
        var linted = await Tool.RunAsync(lint, [template]);
        Assert.True(linted.ExitCode == 0, linted.All);
    }
}
