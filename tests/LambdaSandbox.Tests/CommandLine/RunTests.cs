using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.CommandLine;

/// <summary>`lambda-sandbox run` as a program: exit codes, payloads, and messages of failures.</summary>
public sealed class RunTests : IDisposable
{
    private readonly Packages packages = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-run-").FullName;

    public void Dispose()
    {
        packages.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("run", "--nope")]
    [InlineData("run", "--function", "/nowhere.zip")]
    [InlineData("run")]
    [InlineData("nonsense")]
    [InlineData("run", "--function", "/tmp", "--memory", "none")]
    [InlineData("run", "--function", "/tmp", "--pause", "soon")]
    [InlineData("run", "--function", "/tmp", "--fail-on", "weather")]
    [InlineData("run", "--function", "/tmp", "--rate", "0")]
    [InlineData("run", "--function", "/tmp", "--repeat", "0")]
    [InlineData("run", "--function", "/tmp", "--invoke", "{")]
    [InlineData("run", "--function", "/tmp", "--invoke", "@/nowhere.json")]
    [InlineData("run", "--function", "/tmp", "--env", "nothing")]
    [InlineData("run", "--function", "/tmp", "--freeze", "ice")]
    public async Task WrongArgument_CostsOneLineAndExitCode2(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(arguments);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("lambda-sandbox: ", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Payloads_FromFileAndRepeated_RunInOrder()
    {
        var file = Path.Combine(folder, "event.json");
        File.WriteAllText(file, "{\"from\":\"file\"}");
        var (exitCode, document) = await JsonAsync("--invoke", "@" + file, "--invoke", "{\"n\":2}", "--repeat", "2", "--pause", "10ms");
        Assert.Equal(0, exitCode);
        Assert.Equal(
            ["{\"from\": \"file\"}", "{\"n\": 2}", "{\"from\": \"file\"}", "{\"n\": 2}"],
            document["invocations"]!.AsArray().Select(each => each!["payload"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Concurrency_UsesSeveralEnvironments()
    {
        var (exitCode, document) = await JsonAsync("--invoke", "{\"do\":\"wait\",\"seconds\":1}", "--repeat", "3", "--concurrency", "3");
        Assert.Equal(0, exitCode);
        Assert.InRange(document["environments"]!.AsArray().Count, 2, 3);
        Assert.All(document["environments"]!.AsArray(), each => Assert.True(each!["shutdown"]!["drained"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task FunctionFails_IsExitCode1_UnlessItDoesNotCount()
    {
        string[] arguments = ["--invoke", "{\"do\":\"exit\"}"];
        var (exitCode, document) = await JsonAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("Runtime.ExitError", document["failure"]!.GetValue<string>(), StringComparison.Ordinal);
        var error = document["invocations"]![0]!["error"]!;
        Assert.Equal("Runtime exited with error: exit status 3", error["reason"]!.GetValue<string>());
        Assert.NotNull(error["advice"]);

        (exitCode, document) = await JsonAsync([.. arguments, "--fail-on", "init,shutdown"]);
        Assert.Equal((0, 0), (exitCode, document["exitCode"]!.GetValue<int>()));
    }

    [Fact]
    public async Task NoBootstrap_SaysWhatToDo()
    {
        var (exitCode, output, _) = await SandboxProgram.RunAsync("run", "--function", folder, "--invoke", "{}");
        Assert.Equal(1, exitCode);
        Assert.Contains("Runtime.InvalidEntrypoint: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", output, StringComparison.Ordinal);
        Assert.Contains("-> put an executable file `bootstrap`", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_ReachesTheRuntime()
    {
        var (_, document) = await JsonAsync(
            "--invoke", "{\"do\":\"headers\"}", "--client-context", "{\"client\":1}", "--cognito", "id,pool", "--tenant", "blue", "--region", "us-east-2",
            "--handler", "my.handler", "--name", "mine");
        var headers = JsonNode.Parse(document["invocations"]![0]!["payload"]!.GetValue<string>())!;
        Assert.Equal("{\"client\":1}", headers["Lambda-Runtime-Client-Context"]!.GetValue<string>());
        Assert.Equal("{\"cognitoIdentityId\":\"id\",\"cognitoIdentityPoolId\":\"pool\"}", headers["Lambda-Runtime-Cognito-Identity"]!.GetValue<string>());
        Assert.Equal("blue", headers["Lambda-Runtime-Aws-Tenant-Id"]!.GetValue<string>());
        Assert.Equal("arn:aws:lambda:us-east-2:123456789012:function:mine", headers["Lambda-Runtime-Invoked-Function-Arn"]!.GetValue<string>());
        Assert.Equal("my.handler", headers["_HANDLER"]!.GetValue<string>());
    }

    [Fact]
    public async Task View_WithoutOtlp_ShowsTheInvocationsAndNothingElse()
    {
        var (exitCode, output, _) = await SandboxProgram.RunAsync(
            ["run", "--view", "--function", packages.Function, "--invoke", "{}", .. Common]);
        Assert.Equal(0, exitCode);
        Assert.Contains("(nothing of it has arrived yet)", output, StringComparison.Ordinal);
    }

    /// <summary>Such as those of a template, which name the backend of production.</summary>
    [Fact]
    public async Task View_OtherEndpointsInTheEnvironment_AreSetAsideAndNamed()
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
        [
            "run", "--view", "--function", packages.Function, "--invoke", "{\"do\":\"env\"}", "--env", "TELEMETRY_EXTENSION_OTLP_ENDPOINT=https://production.example",
            "--env", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces.example", .. Common,
        ]);
        Assert.Equal(0, exitCode);
        Assert.Contains("TELEMETRY_EXTENSION_OTLP_ENDPOINT is set aside", output + errors, StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set aside", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain(".example", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_CodeIsNotHere_SaysWhatToDo()
    {
        var template = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(template, "Resources: { Orders: { Type: AWS::Lambda::Function, Properties: { Code: { S3Bucket: b, S3Key: k } } } }", TestContext.Current.CancellationToken);
            var (exitCode, _, errors) = await SandboxProgram.RunAsync(["run", "--template", template, "--invoke", "{}"]);
            Assert.Equal((2, "--template: the code of Orders is not on this machine; add --function with its zip or folder"), (exitCode, errors.Trim().Replace("lambda-sandbox: ", "", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(template);
        }
    }

    private static string[] Common => ["--timeout", "20s", "--env", $"PATH={Packages.Path["PATH"]}"];

    private async Task<(int ExitCode, JsonNode Document)> JsonAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
            ["run", "--json", "--layer", packages.Layer, "--function", packages.Function, .. Common, .. arguments]);
        Assert.True(output.StartsWith('{'), output + errors);
        return (exitCode, JsonNode.Parse(output)!);
    }
}
