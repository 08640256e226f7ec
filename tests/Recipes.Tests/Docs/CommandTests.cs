using System.Runtime.InteropServices;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>
/// Commands in documents work. The comment above a shell block says how that is tested: <c>run</c> (here, in the order of the page, against moto), <c>run in a
/// project</c> (by <see cref="SandboxCommandTests"/>), <c>run elsewhere: NAME</c> (a test class or a make target), or <c>not run: WHY</c>.
/// </summary>
[Collection(AwsCollection.Name)]
public sealed class CommandTests(LocalAws aws)
{
    private static readonly Lazy<string> Tests = new(() => string.Concat(
        Directory.GetFiles(Repository.Path("tests"), "*Tests.cs", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file) + "\n")));

    private static readonly (string Command, string Tool)[] Needs = [("aws ", "aws"), ("publish.sh", "aws"), ("skopeo ", "skopeo"), ("layer-image.sh", "buildah")];

    public static TheoryData<string> RunnablePages => [.. Shell.Where(block => block.Marker == "run").Select(block => block.Page).Distinct()];

    private static IEnumerable<Block> Shell => Pages.Blocks.Where(block => block.Language is "sh" or "bash" or "shell");

    [Fact]
    public void EveryBlock_OfShell_SaysHowItIsTested() => Assert.All(Shell, block =>
    {
        if (block.Marker.StartsWith("run elsewhere:", StringComparison.Ordinal))
        {
            var name = block.Marker["run elsewhere:".Length..].Trim();
            var known = name.StartsWith("make ", StringComparison.Ordinal)
                ? File.ReadAllText(Repository.Path("Makefile")).Contains($"\n{name["make ".Length..]}:", StringComparison.Ordinal)
                : Tests.Value.Contains(name + "\n", StringComparison.Ordinal);
            Assert.True(known, $"{block}: there is no {name}");
        }
        else
        {
            Assert.True(block.Marker is "run" or "run in a project" || (block.Marker.StartsWith("not run: ", StringComparison.Ordinal) && block.Marker.Length > 25), $"{block}: '{block.Marker}' does not say how the block is tested");
        }
    });

    [Theory]
    [MemberData(nameof(RunnablePages))]
    public async Task Commands_OfThePage_Succeed(string page)
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            Assert.Skip("the documents name the x86_64 zip");
        var zip = Repository.Zip("telemetry-extension-layer");
        var blocks = Shell.Where(block => block.Page == page && block.Marker == "run").ToList();
        foreach (var (_, tool) in Needs.Where(need => blocks.Any(block => block.Text.Contains(need.Command, StringComparison.Ordinal))))
            Tool.Require(tool);
        using var clone = Clone(zip);
        var environment = aws.Environment();
        await PrepareAsync();

        var script = "set -eu\n" + string.Concat(blocks.Select(block => $"echo '# {block}'\n{block.Text}"));
        var result = await Tool.RunAsync("/bin/sh", ["-c", script], clone.Path, environment);

        Assert.True(result.ExitCode == 0, result.All);
    }

    /// <summary>A reader's situation: a clone with the zips of <c>make layer</c>. Commands may write into it.</summary>
    private static TemporaryFolder Clone(string zip)
    {
        var clone = new TemporaryFolder();
        foreach (var entry in Directory.EnumerateFileSystemEntries(Repository.Root).Where(entry => Path.GetFileName(entry) is not ("artifacts" or ".git")))
            File.CreateSymbolicLink(clone.File(Path.GetFileName(entry)), entry);
        Directory.CreateDirectory(clone.File("artifacts"));
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(zip)!, "*.zip"))
            File.CreateSymbolicLink(Path.Combine(clone.File("artifacts"), Path.GetFileName(file)), file);
        return clone;
    }

    /// <summary>The function `orders` that the documents attach the layer to.</summary>
    private async Task PrepareAsync()
    {
        if ((await aws.AwsAsync("lambda", "list-functions", "--query", "Functions[].FunctionName", "--output", "text")).Split('\t').Contains("orders"))
            return;
        const string trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}""";
        var role = await aws.AwsAsync("iam", "create-role", "--role-name", "orders", "--assume-role-policy-document", trust, "--query", "Role.Arn", "--output", "text");
        await aws.AwsAsync(
            "lambda", "create-function", "--function-name", "orders", "--runtime", "provided.al2023", "--handler", "bootstrap", "--role", role, "--zip-file", $"fileb://{Repository.Zip("demo-function")}",
            "--environment", "Variables={TABLE=orders}");
        await aws.AwsAsync("logs", "create-log-group", "--log-group-name", "/aws/lambda/orders");
    }
}
