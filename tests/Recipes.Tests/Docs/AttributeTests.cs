using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <summary>
/// Names of attributes, metrics, spans and events: documents and code have the same. TelemetryExtension.Tests compares each row of docs/telemetry.md with what is sent.
/// </summary>
public sealed partial class AttributeTests
{
    // Names with dots in documents, which the code need not have.
    private static readonly Dictionary<string, string> OfOthers = new()
    {
        ["provided.al2023"] = "a runtime of Lambda",
        ["telemetry.mjs"] = "the user's file, in infra/nodejs",
        ["cdk.out"] = "a folder of CDK",
        ["console.log"] = "a function of Node",
        ["module.telemetry.layers"] = "an output of the Terraform module",
        ["module.telemetry.environment"] = "an output of the Terraform module",
        ["restore.runtime"] = "the tracker composes it; a test of the extension compares spans",
        ["restore.extensions"] = "as above",
        ["otellambda.InstrumentHandler"] = "a function of Go's SDK",
    };

    // Strings with dots in the code, which are no names of telemetry.
    private static readonly Dictionary<string, string> NotTelemetry = new()
    {
        [@"amazonaws\.|^api\.|\.gov$"] = "hosts of AWS",
        [@"^sandbox\.localdomain$"] = "a host",
        [@"^(?:cgroup|cpu|memory|freezer)\."] = "files of control groups",
        [@"\.(?:csproj|mjs)$|^index\.handler$|^lambda_function\.lambda_handler$"] = "files and default handlers",
        [@"^platform\."] = "types of Lambda's events; the documents name those that matter to users",
        [@"^(?:log\.level|span\.id|trace\.id)$"] = "keys of ECS layouts, read in log lines",
        [@"^faas\.execution$"] = "the older name of faas.invocation_id, read in an SDK's spans",
    };

    [Fact]
    public void Names_InDocuments_AreInTheCode()
    {
        var known = Sources.Literals.Select(literal => literal.Text).ToHashSet();
        var unknown = Pages.All.SelectMany(page => Quoted().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Groups[1].Value)))
            .Where(used => !OfOthers.ContainsKey(used.Name) && !File.Exists(Repository.Path(used.Name)))
            .Where(used => used.Name.EndsWith('*') ? !known.Any(name => name.StartsWith(used.Name[..^1], StringComparison.Ordinal)) : !known.Contains(used.Name));

        Difference.IsNone(unknown);
    }

    /// <summary>Of the extension in docs/telemetry.md; of the sandbox and the demo function there or in docs/local.md.</summary>
    [Fact]
    public void Names_InTheCode_AreDocumented()
    {
        var sent = Named("docs/telemetry.md");
        var local = Named("docs/local.md");
        var missing = Sources.Literals.Where(literal => Name().IsMatch(literal.Text) && !NotTelemetry.Keys.Any(pattern => Regex.IsMatch(literal.Text, pattern)))
            .Where(literal => !sent.Contains(literal.Text) && (Sources.IsOfExtension(literal) || !local.Contains(literal.Text)));

        Difference.IsNone(missing);
    }

    /// <summary>An exception that nothing needs any more would hide the next fault.</summary>
    [Fact]
    public void Exceptions_OfTheseTests_AreNeeded()
    {
        var quoted = Pages.All.SelectMany(page => Quoted().Matches(Pages.Text(page)).Select(match => match.Groups[1].Value)).ToHashSet();

        Difference.IsNone(OfOthers.Keys.Except(quoted));
        Assert.All(NotTelemetry.Keys, pattern => Assert.Contains(Sources.Literals, literal => Name().IsMatch(literal.Text) && Regex.IsMatch(literal.Text, pattern)));
    }

    private static HashSet<string> Named(string page) => [.. Quoted().Matches(Pages.Text(page)).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"`([a-z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*\.(?:[a-zA-Z0-9_]+|\*))`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$")]
    private static partial Regex Name();
}
