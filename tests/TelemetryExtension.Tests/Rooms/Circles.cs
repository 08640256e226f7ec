namespace TelemetryExtension.Tests.Rooms;

internal static class Circles
{
    /// <summary>Finds every edge on a circle between folders, with one reference that causes it.</summary>
    public static IEnumerable<string> In(IEnumerable<Reference> references)
    {
        var edges = references.Where(static reference => reference.FromFolder != reference.ToFolder)
            .GroupBy(static reference => (reference.FromFolder, reference.ToFolder)).ToDictionary(static edge => edge.Key, static edge => edge.First());
        var next = edges.Keys.ToLookup(static edge => edge.FromFolder, static edge => edge.ToFolder);
        return edges.Where(edge => Reachable(edge.Key.ToFolder, next).Contains(edge.Key.FromFolder))
            .Select(static edge => $"{edge.Key.FromFolder} -> {edge.Key.ToFolder}: {edge.Value.From} knows {edge.Value.To}");
    }

    private static HashSet<string> Reachable(string from, ILookup<string, string> next)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>([from]);
        while (open.TryPop(out var folder))
            if (seen.Add(folder))
                foreach (var to in next[folder])
                    open.Push(to);
        return seen;
    }
}
