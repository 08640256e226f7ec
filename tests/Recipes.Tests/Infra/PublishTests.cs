using System.IO.Compression;
using System.Text.Json;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>infra/publish/publish.sh against moto.</summary>
[Collection(AwsCollection.Name)]
public sealed class PublishTests(LocalAws aws)
{
    private static string Script => Repository.Path("infra/publish/publish.sh");

    [Fact]
    public async Task Publish_Twice_MakesOneVersionPerRegionAndArchitecture()
    {
        using var artifacts = Artifacts();

        var first = await PublishAsync(artifacts, "--regions", "eu-central-1,us-east-1", "--name", "twice");
        var second = await PublishAsync(artifacts, "--regions", "eu-central-1,us-east-1", "--name", "twice", "--table", artifacts.File("table.md"));

        Assert.Equal(4, first.Errors.Split('\n').Count(line => line.StartsWith("published ", StringComparison.Ordinal)));
        Assert.Equal(4, second.Errors.Split('\n').Count(line => line.StartsWith("kept ", StringComparison.Ordinal)));
        Assert.Equal(first.Output, await File.ReadAllTextAsync(artifacts.File("table.md"), TestContext.Current.CancellationToken));
        Assert.Contains("| us-east-1 | `arn:aws:lambda:us-east-1:123456789012:layer:twice-x86_64:1` | `arn:aws:lambda:us-east-1:123456789012:layer:twice-arm64:1` |", first.Output, StringComparison.Ordinal);

        using var version = JsonDocument.Parse(await aws.AwsAsync("lambda", "get-layer-version", "--region", "us-east-1", "--layer-name", "twice-arm64", "--version-number", "1"));
        Assert.Equal(Sha256.Of(artifacts.File("telemetry-extension-layer-arm64.zip")), version.RootElement.GetProperty("Content").GetProperty("CodeSha256").GetString());
        Assert.Equal("arm64", version.RootElement.GetProperty("CompatibleArchitectures")[0].GetString());
        var policy = await aws.AwsAsync("lambda", "get-layer-version-policy", "--region", "us-east-1", "--layer-name", "twice-arm64", "--version-number", "1", "--query", "Policy", "--output", "text");
        Assert.Contains("lambda:GetLayerVersion", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ChangedZip_MakesAnotherVersionThroughTheBucket()
    {
        using var artifacts = Artifacts();
        await aws.AwsAsync("s3api", "create-bucket", "--bucket", "layers-us-east-1", "--region", "us-east-1");
        string[] options = ["--regions", "us-east-1", "--architectures", "arm64", "--name", "changed", "--bucket", "layers-{region}", "--principal", "none"];
        await PublishAsync(artifacts, options);
        Write(artifacts, "arm64", "changed");

        var again = await PublishAsync(artifacts, options);

        Assert.Contains(":layer:changed-arm64:2", again.Output, StringComparison.Ordinal);
        Assert.Equal("2", await aws.AwsAsync("s3api", "list-objects-v2", "--bucket", "layers-us-east-1", "--region", "us-east-1", "--query", "length(Contents)"));
    }

    [Theory]
    [InlineData("aws", "eu-central-1")]
    [InlineData("aws-us-gov", "us-gov-west-1")]
    [InlineData("aws-cn", "cn-northwest-1")]
    [InlineData("aws-eusc", "eusc-de-east-1")]
    public async Task Publish_DryRun_NeedsNoCredentialsAndNamesEveryRegion(string partition, string region)
    {
        using var artifacts = Artifacts();

        var result = await Tool.RunAsync(Script, ["--artifacts", artifacts.Path, "--partition", partition, "--dry-run"], environment: []);

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains($"would publish telemetry-extension-arm64 in {region}", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"`arn:{partition}:lambda:{region}:ACCOUNT:layer:telemetry-extension-x86_64:VERSION`", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--regions", "eu-central-9", "is not a region of aws")]
    [InlineData("--partition", "aws-mars", "knows no partition aws-mars")]
    [InlineData("--architectures", "riscv", "is missing: run make layer ARCHITECTURE=riscv")]
    [InlineData("--bukket", "x", "unknown option --bukket")]
    public async Task Publish_WrongOption_IsRefusedWithTheReason(string option, string value, string reason)
    {
        using var artifacts = Artifacts();

        var result = await Tool.RunAsync(Script, ["--dry-run", "--artifacts", artifacts.Path, "--partition", "aws", option, value], environment: []);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(reason, result.Errors, StringComparison.Ordinal);
    }

    /// <summary>A new AWS region appears in botocore's data first.</summary>
    [Fact]
    public async Task Regions_Table_HasTheRegionsThatBotocoreKnows()
    {
        const string program =
            """
            import boto3
            session = boto3.session.Session()
            for partition in ("aws", "aws-us-gov", "aws-cn", "aws-eusc"):
                for region in session.get_available_regions("lambda", partition):
                    print(partition, region, sep="\t")
            """;
        var result = await Tool.RunAsync(Tool.Require("python3"), ["-c", program]);
        if (result.ExitCode != 0)
            Assert.Skip("boto3 is not installed (pip install boto3)");

        var table = (await File.ReadAllLinesAsync(Repository.Path("infra/publish/regions.tsv"), TestContext.Current.CancellationToken)).Where(line => !line.StartsWith('#'));

        Assert.Empty(result.Output.Trim().Split('\n').Except(table));
    }

    private async Task<ToolResult> PublishAsync(TemporaryFolder artifacts, params string[] options)
    {
        Tool.Require("aws");
        var result = await Tool.RunAsync(Script, ["--artifacts", artifacts.Path, .. options], environment: aws.Environment());
        Assert.True(result.ExitCode == 0, result.All);
        return result;
    }

    /// <summary>Small replacements of the zips.</summary>
    private static TemporaryFolder Artifacts()
    {
        var folder = new TemporaryFolder();
        foreach (var architecture in new[] { "x86_64", "arm64" })
            Write(folder, architecture, architecture);
        return folder;
    }

    private static void Write(TemporaryFolder folder, string architecture, string content)
    {
        var file = folder.File($"telemetry-extension-layer-{architecture}.zip");
        File.Delete(file);
        using var zip = ZipFile.Open(file, ZipArchiveMode.Create);
        using var writer = new StreamWriter(zip.CreateEntry("extensions/telemetry-extension").Open());
        writer.Write(content);
    }
}
