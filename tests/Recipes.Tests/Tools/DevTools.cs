namespace Recipes.Tests.Tools;

/// <summary>Programs from npm, installed by <c>make dev-tools</c>. A test without its program is skipped.</summary>
internal static class DevTools
{
    private static string Artifacts => Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") is { Length: > 0 } given ? given : Repository.Path("artifacts");

    public static string Require(string command) => Path.Combine(Modules("dev-tools"), ".bin", command);

    /// <summary>The node_modules of a folder that <c>make dev-tools</c> fills: dev-tools or cdk.</summary>
    public static string Modules(string name)
    {
        var folder = Path.Combine(Artifacts, name);
        if (!File.Exists(Path.Combine(folder, "installed.stamp")))
            Assert.Skip($"the npm packages in {folder} are not installed: run make dev-tools");
        return Path.Combine(folder, "node_modules");
    }
}
