using System.Text.Json;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Infra;

public class IamTests
{
    /// <summary>Both give a function the permissions of infra/iam, narrowed to one group; a call added there must not be forgotten here.</summary>
    [Theory]
    [InlineData("template.yaml")]
    [InlineData("infra/terraform/examples/function/main.tf")]
    public void CloudWatchPermissions_OfTheExample_AreThoseOfThePolicy(string example)
    {
        var text = File.ReadAllText(Repository.Path(example));
        using var policy = JsonDocument.Parse(File.ReadAllText(Repository.Path("infra", "iam", "cloudwatch-destination.json")));

        foreach (var statement in policy.RootElement.GetProperty("Statement").EnumerateArray())
        {
            var at = text.IndexOf(statement.GetProperty("Sid").GetString()!, StringComparison.Ordinal);
            Assert.True(at >= 0, $"{statement.GetProperty("Sid")} is missing");
            var line = text[at..].Split('\n').First(line => line.Contains("Action", StringComparison.Ordinal));
            var actions = line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..line.IndexOf(']', StringComparison.Ordinal)].Replace("\"", "", StringComparison.Ordinal).Split(", ");
            Assert.Equal(statement.GetProperty("Action").EnumerateArray().Select(action => action.GetString()), actions);
        }
    }
}
