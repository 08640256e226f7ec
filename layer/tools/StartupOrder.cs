namespace LayerTools;

/// <summary>The functions of a run in the order in which each ran first, so that the compiler can put them beside each other.</summary>
internal static class StartupOrder
{
    /// <summary>Reads what "qemu -d in_asm" writes: a line "IN: name" above each block of instructions that is translated for the first time.</summary>
    public static IReadOnlyList<string> Read(IEnumerable<string> log)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. log.Where(line => line.StartsWith("IN: ", StringComparison.Ordinal)).Select(line => line[4..].Trim()).Where(name => name.Length > 0 && seen.Add(name))];
    }

    /// <summary>How many names of the list the binary still has: the others have lost their place, and those that replaced them have none.</summary>
    public static double Share(IReadOnlyCollection<string> names, IReadOnlySet<string> symbols) =>
        names.Count == 0 ? 0 : (double)names.Count(symbols.Contains) / names.Count;
}
