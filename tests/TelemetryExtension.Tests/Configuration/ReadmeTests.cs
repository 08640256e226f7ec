using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

/// <summary>The table of settings in the README cannot go stale: it names every variable that is bound, and no other.</summary>
public partial class ReadmeTests
{
    private const string Prefix = "TELEMETRY_EXTENSION_";

    [Fact]
    public void Readme_SettingsTable_NamesEveryVariableOfOurs()
    {
        var missing = Bound().Where(name => !Documented().Contains(name));

        Assert.Empty(missing);
    }

    [Fact]
    public void Readme_SettingsTable_NamesNothingThatIsNotRead()
    {
        var stale = Documented().Where(name => !Bound().Contains(name));

        Assert.Empty(stale);
    }

    private static HashSet<string> Bound() => [.. typeof(ExtensionOptions).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Settings", StringComparison.Ordinal))
        .SelectMany(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        .Select(property => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name)
        .OfType<string>()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))];

    private static HashSet<string> Documented()
    {
        var table = Readme().Split("| variable `TELEMETRY_EXTENSION_…` |")[1].Split("\n\n")[0];
        return [.. table.Split('\n').Skip(2).SelectMany(row => Name().Matches(row.Split('|')[1]).Select(match => Prefix + match.Groups[1].Value))];
    }

    private static string Readme()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "TelemetryExtension.sln")))
                return File.ReadAllText(Path.Combine(folder, "README.md"));
        throw new FileNotFoundException("README.md");
    }

    [GeneratedRegex("`([A-Z0-9_]+)`")]
    private static partial Regex Name();
}
