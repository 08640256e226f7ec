namespace LayerTools;

/// <summary>Lists the functions of a run in the order of their first call, so that the compiler can place them side by side.</summary>
internal static class StartupOrder
{
    /// <summary>Reads the output of "qemu -d in_asm": a line "IN: name" before each block of instructions at its first translation.</summary>
    public static IReadOnlyList<string> Read(IEnumerable<string> log)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. log.Where(line => line.StartsWith("IN: ", StringComparison.Ordinal)).Select(line => line[4..].Trim()).Where(name => name.Length > 0 && seen.Add(name))];
    }

    /// <summary>The number of listed names that the binary still has. The others have lost their place, and their replacements have none.</summary>
    public static double Share(IReadOnlyCollection<string> names, IReadOnlySet<string> symbols) =>
        names.Count == 0 ? 0 : (double)names.Count(symbols.Contains) / names.Count;
}
