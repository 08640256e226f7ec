using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>Modules and examples, with terraform itself and the AWS provider.</summary>
public sealed class TerraformTests
{
    // The modules' tests mock the provider, but it requires a region.
    private static readonly Dictionary<string, string> Account = new() { ["AWS_REGION"] = "eu-central-1" };

    [Fact]
    public async Task Terraform_Formatting_IsCanonical()
    {
        var result = await Tool.RunAsync(Tool.Require("terraform"), ["fmt", "-check", "-recursive", "-diff", "-no-color", Terraform.Source]);

        Assert.True(result.ExitCode == 0, result.All);
    }

    [Theory]
    [InlineData("modules/layer")]
    [InlineData("modules/function-telemetry")]
    [InlineData("examples/new-function")]
    [InlineData("examples/existing-function")]
    public async Task Terraform_Configuration_IsValid(string path)
    {
        using var copy = new TemporaryFolder();
        var folder = await Terraform.InitializedAsync(copy, path);

        var result = await Terraform.RunAsync(folder, null, "validate", "-no-color");

        Assert.Contains("Success!", result, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("modules/layer")]
    [InlineData("modules/function-telemetry")]
    public async Task Terraform_Tests_OfTheModule_Pass(string path)
    {
        using var copy = new TemporaryFolder();
        var folder = await Terraform.InitializedAsync(copy, path);

        var result = await Terraform.RunAsync(folder, Account, "test", "-no-color");

        Assert.Matches(@"Success! [1-9]\d* passed, 0 failed", result);
    }

    /// <summary>There is no upper bound on the provider, which would keep consumers from newer ones.</summary>
    [Fact]
    public void Terraform_ProviderVersions_HaveNoUpperBound() => Assert.All(
        Directory.GetFiles(Terraform.Source, "versions.tf", SearchOption.AllDirectories),
        file => Assert.DoesNotMatch("version = \"[^\"]*[<~]", File.ReadAllText(file)));
}
