using System.Text.Json;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>Applies the example to moto and reads the result.</summary>
[Collection(AwsCollection.Name)]
public sealed class TerraformApplyTests(LocalAws aws)
{
    [Fact]
    public async Task Terraform_NewFunction_AppliedToMoto_HasLayerEnvironmentAndAlarms()
    {
        var layer = Repository.Zip("telemetry-extension-layer");
        var function = Repository.Zip("demo-function");
        using var copy = new TemporaryFolder();
        var folder = await Terraform.InitializedAsync(copy, "examples/new-function");
        var environment = aws.Environment();
        environment["TF_VAR_artifacts"] = Path.GetDirectoryName(function)!;
        environment["TF_VAR_architecture"] = layer.EndsWith("arm64.zip", StringComparison.Ordinal) ? "arm64" : "x86_64";
        environment["TF_VAR_otlp_endpoint"] = "https://otlp.example.com";

        await Terraform.RunAsync(folder, environment, "apply", "-auto-approve", "-input=false", "-no-color");

        using var configuration = JsonDocument.Parse(await aws.AwsAsync("lambda", "get-function-configuration", "--function-name", "telemetry-extension-demo"));
        var layerArn = configuration.RootElement.GetProperty("Layers")[0].GetProperty("Arn").GetString()!;
        Assert.Matches(@":layer:telemetry-extension:\d+$", layerArn);
        Assert.Equal(
            "https://otlp.example.com",
            configuration.RootElement.GetProperty("Environment").GetProperty("Variables").GetProperty("TELEMETRY_EXTENSION_OTLP_ENDPOINT").GetString());
        using var version = JsonDocument.Parse(await aws.AwsAsync("lambda", "get-layer-version", "--layer-name", "telemetry-extension", "--version-number", layerArn.Split(':')[^1]));
        Assert.Equal(Sha256.Of(layer), version.RootElement.GetProperty("Content").GetProperty("CodeSha256").GetString());
        Assert.Equal(
            ["telemetry-extension-demo-telemetry-dead-lettered", "telemetry-extension-demo-telemetry-dropped"],
            (await aws.AwsAsync("cloudwatch", "describe-alarms", "--query", "MetricAlarms[].AlarmName", "--output", "text")).Split('\t').Order(StringComparer.Ordinal));
        Assert.Equal(
            2, (await aws.AwsAsync("logs", "describe-metric-filters", "--log-group-name", "/aws/lambda/telemetry-extension-demo", "--query", "metricFilters[].filterName", "--output", "text")).Split('\t').Length);
    }
}
