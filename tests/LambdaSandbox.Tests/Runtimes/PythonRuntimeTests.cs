using System.Text.Json.Nodes;
using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Runtimes;

public sealed class PythonRuntimeTests : IDisposable
{
    /// <summary>A fake client with the arguments of the real one.</summary>
    private const string StandIn =
        """
        import sys, os, json, importlib, urllib.request
        module, name = sys.argv[1].rsplit(".", 1)
        handler = getattr(importlib.import_module(module), name)
        base = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
        while True:
            with urllib.request.urlopen(base + "next") as response:
                event, id = json.load(response), response.headers["Lambda-Runtime-Aws-Request-Id"]
            urllib.request.urlopen(base + id + "/response", json.dumps(handler(event, None)).encode()).read()
        """;

    private const string Handler = "import os\ndef handle(event, context):\n    return {\"got\": event, \"runtime\": os.environ[\"AWS_EXECUTION_ENV\"], \"wrapped\": os.environ.get(\"WRAPPED\")}\n";

    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-python-").FullName;

    public PythonRuntimeTests()
    {
        if (Packages.Path["PATH"].Split(':').All(path => !File.Exists(Path.Combine(path, "python3"))))
            Assert.Skip("python3 is needed: apt-get install python3");
        File.WriteAllText(Path.Combine(folder, "app.py"), Handler);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Handler_RunsByTheClientOfTheFunction_ThroughAWrapper()
    {
        AddStandIn();
        var layer = Directory.CreateDirectory(Path.Combine(folder, "layer")).FullName;
        var wrapper = Path.Combine(layer, "wrapper");
        await File.WriteAllTextAsync(wrapper, "#!/bin/sh\nexport WRAPPED=\"${1##*/} $2 $3\"\nexec \"$@\"\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(wrapper, (UnixFileMode)0b111_101_101);
        var answer = await RunAsync("--runtime", "python3.13", "--layer", layer, "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/wrapper");
        Assert.Equal("{\"n\":1}", answer["got"]!.ToJsonString());
        Assert.Equal("AWS_Lambda_python3.13", (string?)answer["runtime"]);
        Assert.Matches("^python[0-9.]* -m awslambdaric$", (string?)answer["wrapped"]);
    }

    [Fact]
    public async Task Handler_RealClient_IsTheMachines()
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(["run", "--json", "--function", folder, "--handler", "app.handle", "--invoke", "{\"n\":1}", "--timeout", "20s"]);
        if (exitCode == 2 && errors.Contains("need the package awslambdaric", StringComparison.Ordinal))
            Assert.Skip("the Python package awslambdaric is not on this machine");
        Assert.True(exitCode == 0, output + errors);
    }

    [Fact]
    public async Task NoRuntime_UnknownRuntime_IsOneLine()
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync("run", "--function", folder, "--handler", "app.handle", "--runtime", "cobol85");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("--runtime cobol85", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private void AddStandIn()
    {
        var client = Directory.CreateDirectory(Path.Combine(folder, "awslambdaric")).FullName;
        File.WriteAllText(Path.Combine(client, "__init__.py"), "");
        File.WriteAllText(Path.Combine(client, "__main__.py"), StandIn);
    }

    private async Task<JsonNode> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await SandboxProgram.RunAsync(
            ["run", "--json", "--function", folder, "--handler", "app.handle", "--invoke", "{\"n\":1}", "--timeout", "20s", .. arguments]);
        Assert.True(exitCode == 0, output + errors);
        return JsonNode.Parse((string)JsonNode.Parse(output)!["invocations"]![0]!["payload"]!)!;
    }
}
