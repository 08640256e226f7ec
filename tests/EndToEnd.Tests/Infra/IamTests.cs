using System.Text.Json;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Tools;

namespace EndToEnd.Tests.Infra;

/// <summary>The policies allow what the code calls and nothing else.</summary>
public partial class IamTests
{
    private const string Client = "src/TelemetryExtension/Destinations/CloudWatch/Client";
    private static readonly string[] Policies = ["cloudwatch-destination.json", "dead-letters.json", "replay.json"];

    [Theory]
    [InlineData("cloudwatch-destination.json", "src/TelemetryExtension/Destinations/CloudWatch")]
    [InlineData("dead-letters.json", "src/TelemetryExtension/Destinations/CloudWatch")]
    [InlineData("replay.json", "src/TelemetryExtension/DeadLetters/Replay")]
    public void Policy_Actions_AreTheCallsOfTheCode(string policy, string folder)
    {
        var operations = Operations();
        var called = Sources(folder).Where(file => !file.StartsWith(Repository.Path(Client), StringComparison.Ordinal))
            .SelectMany(file => Calls().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Where(operations.Contains)
            .ToHashSet();

        Assert.Equal(called.Select(operation => "logs:" + operation).Order(StringComparer.Ordinal), Actions(policy).Order(StringComparer.Ordinal));
    }

    /// <summary>A new operation of the client must be added to a policy.</summary>
    [Fact]
    public void Policies_TogetherAllowEveryOperationOfTheClient() => Assert.Equal(
        Operations().Select(operation => "logs:" + operation).Order(StringComparer.Ordinal),
        Policies.SelectMany(Actions).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Secrets_Actions_AreTheCallsOfTheCode()
    {
        var calls = SecretCalls().Matches(string.Concat(Sources("src/TelemetryExtension/Secrets").Select(File.ReadAllText)))
            .Select(match => (match.Groups[1].Value == "GetParameters" ? "ssm:" : "secretsmanager:") + match.Groups[1].Value);

        Assert.Equal(calls.Order(StringComparer.Ordinal), Actions("secrets.json").Order(StringComparer.Ordinal));
    }

    /// <summary>The code for log records also writes dead letters. Only the group differs.</summary>
    [Fact]
    public void DeadLetters_AreWrittenByTheCodeOfTheDestination() => Assert.Contains(
        "new LogStreamWriter(", string.Concat(Sources("src/TelemetryExtension/DeadLetters").Select(File.ReadAllText)), StringComparison.Ordinal);

    /// <summary>Both grant the permissions of infra/iam, limited to one group. A new call there must be added here too.</summary>
    [Theory]
    [InlineData("template.yaml")]
    [InlineData("infra/terraform/modules/function-telemetry/main.tf")]
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

    /// <summary>The operations by their names in X-Amz-Target.</summary>
    private static HashSet<string> Operations() =>
        Targets().Matches(File.ReadAllText(Repository.Path(Client + "/Internal/Operations.cs"))).Select(match => match.Groups[1].Value).ToHashSet();

    private static string[] Sources(string folder) => Directory.GetFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories);

    private static IEnumerable<string> Actions(string policy)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.Path("infra/iam/" + policy)));
        return document.RootElement.GetProperty("Statement").EnumerateArray()
            .Select(statement => statement.GetProperty("Action"))
            .SelectMany(action => action.ValueKind == JsonValueKind.Array ? action.EnumerateArray().Select(each => each.GetString()!).ToArray() : [action.GetString()!])
            .Distinct()
            .ToArray();
    }

    [GeneratedRegex("""new\("(\w+)",""")]
    private static partial Regex Targets();

    [GeneratedRegex("CallAsync\\(client, \"(\\w+)\"")]
    private static partial Regex SecretCalls();

    [GeneratedRegex("""\.(\w+)Async\(""")]
    private static partial Regex Calls();
}
