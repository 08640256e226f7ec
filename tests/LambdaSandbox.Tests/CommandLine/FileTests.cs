using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.CommandLine;

/// <summary>The files that a run writes, and the commands that read them.</summary>
public sealed class FileTests : IDisposable
{
    private readonly Packages packages = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-files-").FullName;

    public void Dispose()
    {
        packages.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Export_ThenOpen_ShowsWhatArrived()
    {
        var file = Path.Combine(folder, "telemetry.jsonl");
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
            ["run", "--export", file, "--function", packages.Function, "--invoke", "{\"do\":\"otlp\"}", .. Common]);
        Assert.True(exitCode == 0, output + errors);
        var line = Assert.Single(await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal("from python", (string?)JsonNode.Parse(line)!["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]![0]!["name"]);

        (exitCode, output, _) = await SandboxProgram.RunAsync("open", file);
        Assert.Equal(0, exitCode);
        Assert.Contains("from python", output, StringComparison.Ordinal);
        (exitCode, output, _) = await SandboxProgram.RunAsync("open", file, "--json");
        Assert.Equal((0, "from python"), (exitCode, (string?)JsonNode.Parse(output)!["telemetry"]![0]!["spans"]![0]!["name"]));
    }

    [Fact]
    public async Task Record_ThenReplayEvents_TellsAnExtensionTheSameAgain()
    {
        var file = Path.Combine(folder, "events.jsonl");
        await SandboxProgram.RunAsync(
            ["run", "--record", file, "--layer", packages.Layer, "--function", packages.Function, "--invoke", "{}", "--repeat", "2", "--pause", "10ms", .. Common]);
        var recorded = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(2, recorded.Count(line => line.Contains("\"platform.runtimeDone\"", StringComparison.Ordinal)));

        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
            "replay-events", file, "--layer", packages.Layer, "--json", "--env", $"PATH={Packages.Path["PATH"]}");
        Assert.True(exitCode == 0, output + errors);
        var document = JsonNode.Parse(output)!;
        Assert.Equal((recorded.Length, 2), ((int)document["events"]!, (int)document["invocations"]!));
        var reports = recorded.Count(line => line.Contains("\"platform.report\"", StringComparison.Ordinal));
        Assert.Contains($"shutdown spindown reports {reports}", document["output"]!.AsArray().Select(line => (string?)line));
    }

    [Theory]
    [InlineData("open", "/nowhere.jsonl")]
    [InlineData("replay-events", "/nowhere.jsonl", "--layer", "/tmp")]
    [InlineData("export", "--url", "http://127.0.0.1:1")]
    public async Task MissingFileOrServer_CostsOneLine(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(arguments);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    private static string[] Common => ["--timeout", "20s", "--env", $"PATH={Packages.Path["PATH"]}"];
}
