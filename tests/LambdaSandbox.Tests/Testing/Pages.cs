namespace LambdaSandbox.Tests.Testing;

/// <summary>The pages of this repository that tests compare with the program.</summary>
internal static class Pages
{
    public static string Read(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TelemetryExtension.sln")))
                return File.ReadAllText(Path.Combine(folder.FullName, path));
        throw new FileNotFoundException(path);
    }

    /// <summary>The cells of each row whose first cell is code.</summary>
    public static IReadOnlyList<string[]> Rows(string text) =>
    [
        .. text.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim()).ToArray()),
    ];
}
