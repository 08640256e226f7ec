namespace LayerTools;

/// <summary>Writes the parts of a binary as tables of a markdown page.</summary>
internal static class SizeReport
{
    private const int MaxRows = 25;

    public static IEnumerable<string> Lines(long binaryBytes, Mstat managed, LinkMap map, string ours)
    {
        var byAssembly = managed.Entries.GroupBy(entry => entry.Assembly).Select(group => (group.Key, Sum(group))).ToList();
        var own = managed.Entries.Where(entry => entry.Assembly == ours)
            .GroupBy(entry => Folder(entry.Namespace)).Select(group => (group.Key, Sum(group)));
        var native = map.BytesByFile.GroupBy(pair => Library(pair.Key)).Select(group => (group.Key, group.Sum(pair => pair.Value)));
        return
        [
            $"{Kb(binaryBytes)} kB in all.", "",
            .. Table("linked from", native), "",
            .. Table("managed, by assembly (code, types, tables for them)", byAssembly), "",
            .. Table("ours, by namespace", own), "",
            .. Table("managed, shared", managed.Blobs.GroupBy(blob => blob.Name).Select(group => (group.Key, group.Sum(blob => (long)blob.Bytes)))),
        ];
    }

    private static IEnumerable<string> Table(string title, IEnumerable<(string Name, long Bytes)> rows)
    {
        var sorted = rows.OrderByDescending(row => row.Bytes).ToList();
        var rest = sorted.Skip(MaxRows).ToList();
        return
        [
            $"| {title} | kB |", "|---|--:|",
            .. sorted.Take(MaxRows).Select(row => $"| {row.Name} | {Kb(row.Bytes)} |"),
            .. rest.Count > 0 ? [$"| {rest.Count} others | {Kb(rest.Sum(row => row.Bytes))} |"] : Array.Empty<string>(),
        ];
    }

    private static long Sum(IEnumerable<MstatEntry> entries) => entries.Sum(entry => (long)entry.Bytes);

    private static string Kb(long bytes) => (bytes / 1000).ToString("N0", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>TelemetryExtension.Export.Tls counts as Export.Tls.</summary>
    private static string Folder(string space) => space.Split('.', 2) is [_, var folder] ? folder : space.Length == 0 ? "(no namespace)" : space;

    /// <summary>/usr/lib/x86_64-linux-gnu/libc.a(malloc.o) is libc.a; the one object file with all managed code is "managed".</summary>
    private static string Library(string file)
    {
        var archive = file.IndexOf(".a(", StringComparison.Ordinal);
        var path = archive >= 0 ? file[..(archive + 2)] : file;
        return LinkMap.IsManaged(path) ? "managed" : Path.GetFileName(path);
    }
}
