using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Trouble;

/// <summary>`lambda-sandbox run --fault`: a run reports its faults, which depend only on the seed.</summary>
public sealed class FaultRunTests : IDisposable
{
    private readonly Packages packages = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-faults-").FullName;

    public void Dispose()
    {
        packages.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task SameSeed_SameFaults()
    {
        string[] faults = ["--fault", "kill=extension:post-runtime@40%", "--fault", "kill=function:invoke@40%", "--repeat", "4", "--pause", "1ms"];
        var first = await NotesAsync([.. faults, "--seed", "3"]);
        Assert.NotEmpty(first);
        Assert.Equal(first, await NotesAsync([.. faults, "--seed", "3"]));
    }

    /// <summary>Any process at any point of its life: what that fails is said, and everything after it works again.</summary>
    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("extension:start@0", "success success success")]
    [InlineData("extension:registered@0", "success success success")]
    [InlineData("extension:ready@0", "success success success")]
    [InlineData("extension:invoke@2", "success error success")]
    [InlineData("extension:response@2", "success error success")]
    [InlineData("extension:post-runtime@2", "success error success")]
    [InlineData("extension:frozen@2", "success success success")]
    [InlineData("extension:shutdown", "success success success")]
    [InlineData("function:start@0", "success success success")]
    [InlineData("function:ready@0", "success success success")]
    [InlineData("function:invoke@2", "success error success")]
    [InlineData("function:response@2", "success error success")]
    [InlineData("function:post-runtime@2", "success error success")]
    [InlineData("function:frozen@2", "success success success")]
    [InlineData("function:shutdown", "success success success")]
    public async Task Kill_AtAPoint_TheRestWorks(string fault, string statuses)
    {
        var (exitCode, document) = await RunAsync("--repeat", "3", "--pause", "50ms", "--fault", "kill=" + fault);
        var who = fault.StartsWith("extension", StringComparison.Ordinal) ? "py-ext" : "function";
        var point = fault.Split(':', '@')[1];
        Assert.StartsWith($"fault: {who} was killed at {point}", Assert.Single(Notes(document), note => note.StartsWith("fault: ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(statuses, string.Join(' ', document["invocations"]!.AsArray().Select(each => each!["status"]!.GetValue<string>())));

        // One that dies right after its Next may still have completed the init.
        if (point != "ready")
            Assert.Equal(fault is "function:shutdown" or "extension:frozen@2" or "function:frozen@2" ? 0 : 1, exitCode);
    }

    [Fact]
    public async Task Script_IsReadAndItsFaultsHappen()
    {
        var script = Path.Combine(folder, "faults.txt");
        File.WriteAllText(script, "api=next:500@2 # the extension ends\n");
        var (exitCode, document) = await RunAsync("--repeat", "3", "--pause", "1ms", "--fault-script", script);
        Assert.Equal(1, exitCode);
        Assert.Equal(["success", "error", "success"], document["invocations"]!.AsArray().Select(each => each!["status"]!.GetValue<string>()));
        Assert.Contains("fault: GET /2020-01-01/extension/event/next was answered with 500", Notes(document));
    }

    [Fact]
    public async Task BackendFault_WithoutBackend_CostsOneLine()
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync("run", "--function", packages.Function, "--fault", "backend=503");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("lambda-sandbox: --fault backend: ", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private async Task<List<string>> NotesAsync(params string[] arguments) =>
        [.. Notes((await RunAsync(arguments)).Document).Where(note => note.StartsWith("fault: ", StringComparison.Ordinal))];

    private static IEnumerable<string> Notes(JsonNode document) => document["notes"]!.AsArray().Select(note => note!.GetValue<string>());

    private async Task<(int ExitCode, JsonNode Document)> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
            ["run", "--json", "--layer", packages.Layer, "--function", packages.Function, "--timeout", "10s", "--env", $"PATH={Packages.Path["PATH"]}", .. arguments]);
        Assert.True(output.Length > 0, errors);
        return (exitCode, JsonNode.Parse(output)!);
    }
}
