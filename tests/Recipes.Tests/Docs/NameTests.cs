using System.Text.RegularExpressions;

namespace Recipes.Tests.Docs;

/// <summary>Names in the documents exist. TelemetryExtension.Tests compares settings and telemetry with the code in both directions.</summary>
public sealed partial class NameTests
{
    private static readonly Lazy<string> Sources = new(() => string.Concat(
        new[] { "src/TelemetryExtension", "src/LambdaSandbox", "layer", "infra" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal))
            .Where(file => Path.GetExtension(file) is not (".zip" or ".png"))
            .Append(Repository.Path("Makefile"))
            .Select(File.ReadAllText)));

    // An SDK or the platform reads these, not the extension.
    private static readonly HashSet<string> OfOthers = ["NODE_OPTIONS", "OTEL_LOG_LEVEL"];

    [Fact]
    public void EnvironmentVariables_InDocuments_AreRead()
    {
        var settings = Pages.Text("docs/settings.md");
        var unknown = Pages.All.SelectMany(page => Variable().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Value)))
            .Where(used => !Sources.Value.Contains(used.Name, StringComparison.Ordinal) && !OfOthers.Contains(used.Name))
            // The wrapper builds these names from parts, and another test compares docs/settings.md with the code.
            .Where(used => !Composed().IsMatch(used.Name) && !settings.Contains($"`{used.Name}`", StringComparison.Ordinal))
            .Distinct();

        Assert.Empty(unknown);
    }

    [Fact]
    public void Metrics_InDocuments_AreMade()
    {
        var unknown = Pages.All.SelectMany(page => Metric().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Groups[1].Value)))
            .Where(used => !Sources.Value.Contains($"\"{used.Name}\"", StringComparison.Ordinal))
            // The page names it to explain that it is not set.
            .Where(used => used.Name != "faas.trigger")
            .Distinct();

        Assert.Empty(unknown);
    }

    [Fact]
    public void Files_InDocuments_Exist()
    {
        var missing = Pages.All.SelectMany(page => FileName().Matches(Pages.Text(page)).Select(match => (Page: page, Name: match.Groups[1].Value)))
            .Where(used => !File.Exists(Repository.Path(used.Name)) && !Directory.Exists(Repository.Path(used.Name)))
            .Distinct();

        Assert.Empty(missing);
    }

    /// <summary>Every recipe in infra/ is named in a document.</summary>
    [Fact]
    public void Recipes_InInfra_AreDocumented()
    {
        var text = string.Concat(Pages.All.Select(Pages.Text)) + File.ReadAllText(Repository.Path("infra/terraform/README.md"));
        var recipes = Directory.GetDirectories(Repository.Path("infra")).Select(Path.GetFileName).Where(name => name is not ("dev" or "model"))
            .Select(name => $"infra/{name}")
            .Concat(Directory.GetDirectories(Repository.Path("infra/backends")).Select(folder => $"infra/backends/{Path.GetFileName(folder)}"))
            .Concat(Directory.GetFiles(Repository.Path("infra/iam")).Concat(Directory.GetFiles(Repository.Path("infra/dashboards"))).Select(file => Path.GetRelativePath(Repository.Root, file)));

        Assert.All(recipes, recipe => Assert.Contains(recipe, text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\b(?:TELEMETRY_EXTENSION|OTEL|AWS_LAMBDA|DEMO)_[A-Z0-9_]*[A-Z0-9]\b|\b[A-Z]+_OPTIONS\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^OTEL_EXPORTER_OTLP_(?:TRACES|METRICS|LOGS)_")]
    private static partial Regex Composed();

    [GeneratedRegex(@"`((?:faas|telemetry_extension)\.[a-z_.]*[a-z])`")]
    private static partial Regex Metric();

    [GeneratedRegex(@"(?<![\w./-])((?:infra|src|tests|layer|docs)/[\w./-]*[\w])")]
    private static partial Regex FileName();
}
