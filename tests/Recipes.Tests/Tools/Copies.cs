namespace Recipes.Tests.Tools;

internal static class Copies
{
    /// <summary>Copies a folder of the repository without generated files.</summary>
    public static void Of(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(source))
            if (Path.GetFileName(folder) is not ("node_modules" or "dist" or "cdk.out" or ".terraform" or ".serverless"))
                Of(folder, Path.Combine(target, Path.GetFileName(folder)));
    }
}
