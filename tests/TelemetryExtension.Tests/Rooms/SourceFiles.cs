using System.Text.RegularExpressions;

namespace TelemetryExtension.Tests.Rooms;

internal sealed record SourceFile(string Path, string Folder, string Text);

/// <summary>Reads the sources, because constants leave no reference in the compiled assembly: a using line counts as one.</summary>
internal static partial class SourceFiles
{
    public static IEnumerable<SourceFile> All()
    {
        var root = System.IO.Path.Combine(Repository.Root, "src", "TelemetryExtension");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => System.IO.Path.GetRelativePath(root, path))
            .Where(static path => !path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal))
            .Select(path => new SourceFile(
                path, System.IO.Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : path, File.ReadAllText(System.IO.Path.Combine(root, path))));
    }

    public static IEnumerable<Reference> Usings() =>
        from file in All()
        from Match line in Using().Matches(file.Text)
        select new Reference(file.Path, file.Folder, line.Groups[1].Value, FolderOf(line.Groups[1].Value));

    /// <summary>The rewritten AWS client keeps the names of the package that it replaces.</summary>
    public static string FolderOf(string name) => name.StartsWith("Amazon.CloudWatchLogs", StringComparison.Ordinal)
        ? "Destinations/CloudWatch/Client"
        : name["TelemetryExtension.".Length..].Replace('.', '/');

    [GeneratedRegex(@"^using (TelemetryExtension\.[\w.]+|Amazon\.CloudWatchLogs[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
