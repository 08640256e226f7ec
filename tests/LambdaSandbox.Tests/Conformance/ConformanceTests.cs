using System.Text.Json.Nodes;
using System.Xml.Linq;
using LambdaSandbox.Conformance;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Conformance;

/// <summary>The kit as a program, against other extensions: it is not tailored to one.</summary>
public sealed class ConformanceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-conformance-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task ShellExtension_SomeChecks_PassInAllFormats()
    {
        var (junit, page) = (Path.Combine(folder, "junit.xml"), Path.Combine(folder, "table.md"));
        var (exitCode, output, errors) = await RunAsync(
            "shell-extension", "--only", "registers", "--only", "unknown-next", "--only", "exits-spindown", "--json", "--junit", junit, "--markdown", page);
        Assert.True(exitCode == 0, output + errors);
        var document = JsonNode.Parse(output)!;
        Assert.Equal(("shell-extension", 0), (document["extension"]!.GetValue<string>(), document["failed"]!.GetValue<int>()));
        string[] names = ["registers", "exits-spindown", "unknown-next"];
        Assert.Equal(names, document["checks"]!.AsArray().Select(check => check!["name"]!.GetValue<string>()));
        Assert.All(document["checks"]!.AsArray(), check => Assert.Equal(("passed", null), (check!["outcome"]!.GetValue<string>(), (int?)check["lost"])));

        var suite = XDocument.Load(junit).Root!;
        Assert.Equal(("3", "0"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value));
        Assert.Equal(names, suite.Elements("testcase").Select(test => test.Attribute("name")!.Value));
        Assert.All(names, name => Assert.Contains($"| `{name}` |", File.ReadAllText(page), StringComparison.Ordinal));
    }

    [Fact]
    public async Task RudeExtension_FailsByName()
    {
        var (exitCode, output, _) = await RunAsync(
            "rude-extension", "--only", "next-after-error", "--only", "unknown-next", "--only", "exits-spindown", "--json", "--junit", Path.Combine(folder, "junit.xml"));
        Assert.Equal(1, exitCode);
        var reasons = JsonNode.Parse(output)!["checks"]!.AsArray().ToDictionary(check => check!["name"]!.GetValue<string>(), check => (string?)check!["reason"]);
        Assert.Equal("shutdown: rude-extension ended with exit code 3", reasons["exits-spindown"]);
        Assert.Contains("had not called Next", reasons["unknown-next"]!, StringComparison.Ordinal);
        Assert.Equal("3", XDocument.Load(Path.Combine(folder, "junit.xml")).Root!.Attribute("failures")!.Value);
    }

    [Fact]
    public async Task MisnamedExtension_OnlyTheFirstCheckIsRun()
    {
        var (exitCode, output, _) = await RunAsync("misnamed-extension", "--json");
        Assert.Equal(1, exitCode);
        var check = Assert.Single(JsonNode.Parse(output)!["checks"]!.AsArray())!;
        Assert.Equal(
            ("registers", "misnamed-extension did not register under the name of its file"), (check["name"]!.GetValue<string>(), check["reason"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("--extension", "/nowhere")]
    [InlineData("--extension", "/usr")]
    [InlineData("--extension", "/bin/true", "--only", "nonsense")]
    public async Task WrongArgument_CostsOneLine(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(["conformance", .. arguments]);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("shell-extension", false)]
    [InlineData("node-extension", true)]
    public async Task ForeignExtension_AllChecks_Pass(string name, bool sendsLogs)
    {
        if (sendsLogs && !File.Exists("/usr/bin/node"))
            Assert.Skip("node is needed: apt-get install nodejs");
        var (exitCode, output, errors) = await RunAsync(name, "--json");
        Assert.True(exitCode == 0, output + errors);
        var checks = JsonNode.Parse(output)!["checks"]!.AsArray();
        Assert.Equal(Checks.All.Select(check => check.Name), checks.Select(check => check!["name"]!.GetValue<string>()));
        Assert.All(checks, check => Assert.Equal(sendsLogs, check!["lost"] is not null));

        // The kit reports losses correctly: none without a fault, all when the backend refuses for ever.
        if (sendsLogs)
            Assert.Equal((0, 15), (Lost(checks, "next-after-error"), Lost(checks, "backend-401")));
    }

    private static int Lost(JsonArray checks, string name) => (int)checks.First(check => (string?)check!["name"] == name)!["lost"]!;

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(string extension, params string[] more)
    {
        if (!File.Exists("/usr/bin/curl"))
            Assert.Skip("curl is needed: apt-get install curl");
        return SandboxProgram.RunAsync(["conformance", "--extension", Path.Combine(AppContext.BaseDirectory, "Fixtures", "foreign", extension), .. more]);
    }
}
