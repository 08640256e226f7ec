using System.IO.Compression;
using Recipes.Tests.Tools;

namespace Recipes.Tests.Docs;

/// <summary>Blocks with <c>run in a project</c>: a user's folder has a layer and a function, each zipped and unpacked, an event and a template; and the command lambda-sandbox.</summary>
public sealed class SandboxCommandTests
{
    private const string Template = """
        Resources:
          Layer:
            Type: AWS::Serverless::LayerVersion
            Properties:
              ContentUri: layer.zip
          Orders:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: provided.al2023
              Handler: bootstrap
              CodeUri: function.zip
              Layers: [!Ref Layer]
        """;

    public static TheoryData<string> RunnablePages => [.. Pages.Blocks.Where(IsInProject).Select(block => block.Page).Distinct()];

    [Theory]
    [MemberData(nameof(RunnablePages))]
    public async Task Commands_OfThePage_Succeed(string page)
    {
        using var project = Project();
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{project.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? "/",
        };
        var script = "set -eu\n" + string.Concat(Pages.Blocks.Where(block => IsInProject(block) && block.Page == page).Select(block => $"echo '# {block}'\n{block.Text}"));

        var result = await Tool.RunAsync("/bin/sh", ["-c", script], project.Path, environment);

        Assert.True(result.ExitCode == 0, result.All);
    }

    private static bool IsInProject(Block block) => block.Marker == "run in a project";

    private static TemporaryFolder Project()
    {
        var dotnet = Tool.Require("dotnet");
        var (layer, function) = (Repository.Zip("telemetry-extension-layer"), Repository.Zip("demo-function"));
        var project = new TemporaryFolder();
        File.CreateSymbolicLink(project.File("layer.zip"), layer);
        File.CreateSymbolicLink(project.File("function.zip"), function);
        ZipFile.ExtractToDirectory(layer, project.File("layer"));
        ZipFile.ExtractToDirectory(function, project.File("src"));
        File.WriteAllText(project.File("event.json"), """{"order":{"id":"1"}}""");
        File.WriteAllText(project.File("template.yaml"), Template);
        Directory.CreateDirectory(project.File("bin"));
        var command = project.File("bin/lambda-sandbox");
        File.WriteAllText(command, $"#!/bin/sh\nexec '{dotnet}' '{Path.Combine(AppContext.BaseDirectory, "lambda-sandbox.dll")}' \"$@\"\n");
        File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return project;
    }
}
