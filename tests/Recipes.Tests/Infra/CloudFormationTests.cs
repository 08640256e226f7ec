using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>Checks plain and SAM templates with cfn-lint, and SAM's also after its translation, which is what gets deployed.</summary>
[Collection(AwsCollection.Name)]
public sealed class CloudFormationTests(LocalAws aws)
{
    // The translator looks up managed policies by name and code in S3, but nothing here needs either.
    private const string Translate =
        """
        import json, sys
        from samtranslator.translator.transform import transform
        from samtranslator.yaml_helper import yaml_parse
        class Policies:
            def load(self): return {}
        template = yaml_parse(open(sys.argv[1]).read())
        for resource in template["Resources"].values():
            for uri in ("CodeUri", "ContentUri"):
                if uri in resource.get("Properties", {}):
                    resource["Properties"][uri] = "s3://bucket/code.zip"
        print(json.dumps(transform(template, {}, Policies())))
        """;

    [Theory]
    [InlineData("infra/sam/attach.yaml")]
    [InlineData("infra/cloudformation/function.yaml")]
    public async Task Template_CfnLint_FindsNothing(string template) => await LintAsync(Repository.Path(template));

    [Theory]
    [InlineData("template.yaml", "AWS::Lambda::LayerVersion", "AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Logs::LogGroup")]
    [InlineData("infra/sam/attach.yaml", "AWS::Lambda::Function", "AWS::IAM::Role")]
    public async Task SamTemplate_Translated_IsValidCloudFormation(string template, params string[] types)
    {
        using var folder = new TemporaryFolder();
        var translated = folder.File("translated.json");

        var result = await Tool.RunAsync(Python(), ["-c", Translate, Repository.Path(template)], environment: new() { ["AWS_DEFAULT_REGION"] = "eu-central-1" });
        Assert.True(result.ExitCode == 0, result.All);
        await File.WriteAllTextAsync(translated, result.Output, TestContext.Current.CancellationToken);

        Assert.All(types, type => Assert.Contains($"\"{type}\"", result.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("AWS::Serverless", result.Output, StringComparison.Ordinal);
        await LintAsync(translated);
    }

    [Fact]
    public async Task CloudFormationTemplate_DeployedToMoto_MakesFunctionAndExports()
    {
        await aws.AwsAsync(
            "cloudformation", "create-stack", "--stack-name", "recipes", "--template-body", $"file://{Repository.Path("infra/cloudformation/function.yaml")}", "--capabilities", "CAPABILITY_IAM",
            "--parameters", "ParameterKey=OtlpEndpoint,ParameterValue=https://otlp.example.com",
            "ParameterKey=LayerVersionArn,ParameterValue=arn:aws:lambda:eu-central-1:123456789012:layer:telemetry-extension-x86_64:1",
            "ParameterKey=OtlpSecretArn,ParameterValue=arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-a1b2c3");

        var exports = await aws.AwsAsync("cloudformation", "list-exports", "--query", "Exports[].Name", "--output", "text");
        Assert.Equal(["recipes-FunctionArn", "recipes-LayerVersionArn", "recipes-LogGroupName"], exports.Split('\t').Order(StringComparer.Ordinal));
    }

    private static string Python()
    {
        var python = Tool.Require("python3");
        using var probe = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(python, ["-c", "import samtranslator"]) { RedirectStandardError = true })!;
        probe.WaitForExit();
        if (probe.ExitCode != 0)
            Assert.Skip("aws-sam-translator is not installed (pip install aws-sam-translator)");
        return python;
    }

    private static async Task LintAsync(string template)
    {
        var result = await Tool.RunAsync(Tool.Require("cfn-lint"), [template]);
        Assert.True(result.ExitCode == 0, result.All);
    }
}
