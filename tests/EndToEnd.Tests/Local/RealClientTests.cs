using System.Text;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Tools;
using LambdaSandbox.Tests.Testing;

namespace EndToEnd.Tests.Local;

/// <summary>The clients that users have: the aws CLI, the AWS SDK for JavaScript, Node's own runtime interface client.</summary>
public sealed class RealClientTests
{
    private static readonly Dictionary<string, string> Credentials = new()
    {
        ["AWS_ACCESS_KEY_ID"] = "x",
        ["AWS_SECRET_ACCESS_KEY"] = "y",
        ["AWS_DEFAULT_REGION"] = "eu-west-1",
        ["HOME"] = "/tmp",
        ["AWS_PAGER"] = "",
    };

    [Fact]
    public async Task AwsCli_InvokesTheFunctionWithTheLayer()
    {
        var aws = Tool.Require("aws");
        await using var served = await ServeDemoAsync();
        var file = Path.GetTempFileName();
        try
        {
            var version2 = (await Tool.RunAsync(aws, ["--version"])).All.Contains("aws-cli/2", StringComparison.Ordinal);
            string[] arguments =
            [
                "lambda", "invoke", "--endpoint-url", served.Url.ToString(), "--function-name", "orders", "--log-type", "Tail",
                "--payload", "{\"order\":{\"id\":\"7\"}}", .. version2 ? new[] { "--cli-binary-format", "raw-in-base64-out" } : [], file,
            ];
            var result = await Tool.RunAsync(aws, arguments, environment: Credentials);
            Assert.True(result.ExitCode == 0, result.All);
            var answer = JsonNode.Parse(result.Output)!;
            Assert.Equal((200, "$LATEST"), ((int)answer["StatusCode"]!, (string)answer["ExecutedVersion"]!));
            Assert.Contains("received order 7", Encoding.UTF8.GetString(Convert.FromBase64String((string)answer["LogResult"]!)), StringComparison.Ordinal);
            Assert.Contains("\"status\":\"stored\"", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The blocks of the pages, word for word but for the option that version 1 of the AWS CLI does not know.</summary>
    [Theory]
    [InlineData("docs/attach/README.md")]
    [InlineData("docs/attach/aws-cli.md")]
    public async Task AwsCli_CommandOfThePage_PrintsTheEndOfTheLog(string page)
    {
        var aws = Tool.Require("aws");
        var command = Assert.Single(File.ReadLines(Repository.Path(page)), line => line.StartsWith("aws lambda invoke ", StringComparison.Ordinal));
        if (!(await Tool.RunAsync(aws, ["--version"])).All.Contains("aws-cli/2", StringComparison.Ordinal))
            command = command.Replace("--cli-binary-format raw-in-base64-out ", "", StringComparison.Ordinal);
        await using var served = await ServeDemoAsync();
        using var folder = new TemporaryFolder();
        var result = await Tool.RunAsync("/bin/sh", ["-c", command], folder.Path, new(Credentials) { ["AWS_ENDPOINT_URL"] = served.Url.ToString() });

        Assert.True(result.ExitCode == 0, result.All);
        Assert.StartsWith("START RequestId: ", result.Output, StringComparison.Ordinal);
        Assert.Contains("REPORT RequestId: ", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("response.json")));
    }

    [Fact]
    public async Task JavaScriptSdk_InvokesAndReadsErrors()
    {
        await using var served = await ServeDemoAsync();
        var answer = await NodeClients.InvokeAsync(served.Url, "invoke", "{\"order\":{\"id\":\"7\"}}");
        Assert.Equal((200, null), ((int?)answer["status"], (string?)answer["error"]));
        Assert.Contains("received order 7", (string?)answer["log"], StringComparison.Ordinal);

        answer = await NodeClients.InvokeAsync(served.Url, "invoke", "{\"order\":{\"id\":\"13\",\"fail\":true}}");
        Assert.Equal("Unhandled", (string?)answer["error"]);
        Assert.Equal("Function.PaymentDeclined", (string?)JsonNode.Parse((string)answer["payload"]!)!["errorType"]);

        answer = await NodeClients.InvokeAsync(served.Url, "invoke", "not json");
        Assert.Equal(("InvalidRequestContentException", 400), ((string?)answer["name"], (int?)answer["status"]));
    }

    [Fact]
    public async Task NodeHandler_RunsByItsRuntimeInterfaceClient_ThroughTheWrapper()
    {
        await using var served = await ServeNodeAsync("index.handler", "--layer", Artifacts.LayerZip, "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper");
        var answer = await NodeClients.InvokeAsync(served.Url, "invoke", "{\"n\":1}");
        var payload = JsonNode.Parse((string)answer["payload"]!)!;
        Assert.Equal((1, "sdk"), ((int)payload["n"]!, (string?)payload["client"]!["custom"]!["from"]));
        Assert.StartsWith("http://localhost:", (string?)payload["wrapped"], StringComparison.Ordinal);
        Assert.StartsWith("AWS_Lambda_nodejs", (string?)payload["runtime"], StringComparison.Ordinal);
        Assert.Contains("INFO\thandling 1", (string?)answer["log"], StringComparison.Ordinal);

        answer = await NodeClients.InvokeAsync(served.Url, "invoke", "{\"fail\":true}");
        Assert.Equal(("Unhandled", "TypeError"), ((string?)answer["error"], (string?)JsonNode.Parse((string)answer["payload"]!)!["errorType"]));
        Assert.Equal(0, await served.EndAsync());
    }

    [Fact]
    public async Task NodeHandler_StreamsToTheSdkAndToAUrl()
    {
        await using var served = await ServeNodeAsync("index.streaming");
        var answer = await NodeClients.InvokeAsync(served.Url, "stream", "{}");
        var chunks = answer["chunks"]!.AsArray().Select(chunk => (string)chunk!).ToList();
        Assert.Equal("one,two", string.Concat(chunks));
        Assert.True(chunks.Count > 1, "the response came as one piece");
        Assert.Contains("REPORT RequestId", (string?)answer["complete"]!["LogResult"], StringComparison.Ordinal);

        using var response = await served.Http.GetAsync(new Uri(served.Url, "/url/"), TestContext.Current.CancellationToken);
        Assert.Equal((201, "one,two"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal("node", response.Headers.GetValues("x-from").Single());
    }

    [Fact]
    public async Task DotNetAssembly_RunsByTheMachinesDotNet()
    {
        var folder = Repository.Path("src/DemoFunction/bin/Release/net10.0");
        Assert.True(File.Exists(Path.Combine(folder, "bootstrap.dll")), $"{folder} is missing: dotnet build src/DemoFunction -c Release");
        await using var served = await Watched.ServedAsync("--function", folder, "--runtime", "dotnet10", "--handler", "bootstrap", "--timeout", "20s");
        using var answer = await served.InvokeAsync("{\"order\":{\"id\":\"7\"}}");
        Assert.Contains("\"status\":\"stored\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task<ServedSandbox> ServeDemoAsync() =>
        Watched.ServedAsync("--layer", Artifacts.LayerZip, "--function", Artifacts.FunctionZip, "--timeout", "20s");

    private static Task<ServedSandbox> ServeNodeAsync(string handler, params string[] more) => Watched.ServedAsync(
        ["--function", NodeClients.Handler, "--handler", handler, "--runtime-client", NodeClients.Folder, "--timeout", "20s", .. more]);
}
