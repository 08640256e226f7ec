namespace TelemetryExtension.Configuration;

/// <summary>
/// The names of all our settings. Finds the nearest one to an unknown name, because a misspelt setting would otherwise be ignored silently.
/// </summary>
internal static class SettingNames
{
    public const string Prefix = "TELEMETRY_EXTENSION_";

    /// <summary>The number of letters that may differ in the prefix.</summary>
    private const int PrefixTypos = 3;

    private const int MaxReported = 10;

    /// <summary>Without the prefix.</summary>
    public static IReadOnlyList<string> All { get; } = [.. SettingCatalogue.All.Select(static setting => setting.Name)];

    /// <summary>
    /// One message for each variable that looks like a setting of ours and is not. Values are not shown, because they may be secret.
    /// </summary>
    public static IEnumerable<string> Problems(IEnumerable<string> variables) =>
        variables.Where(LooksLikeOurs).Where(static name => !IsKnown(name)).Order(StringComparer.Ordinal).Take(MaxReported)
            .Select(static name => $"{name} is not a setting and is ignored{(Nearest(name) is { } nearest ? $"; did you mean {nearest}?" : "")}");

    /// <summary>In any case, as configuration keys are case-insensitive.</summary>
    private static bool IsKnown(string name) =>
        name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && All.Contains(name[Prefix.Length..], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it starts with the prefix, apart from some letters.</summary>
    private static bool LooksLikeOurs(string name)
    {
        // Spares most variables the comparison.
        if (name.Length == 0 || !Same(name[0], Prefix[0]))
            return false;
        for (var length = Math.Min(name.Length, Prefix.Length + PrefixTypos); length >= Prefix.Length - PrefixTypos; length--)
            if (Distance(name[..length], Prefix) <= PrefixTypos)
                return true;
        return false;
    }

    /// <summary>Null when no name is similar enough.</summary>
    private static string? Nearest(string name)
    {
        var (nearest, least) = ((string?)null, int.MaxValue);
        foreach (var known in All)
        {
            var distance = Distance(name, Prefix + known);
            if (distance <= Math.Min(Math.Max(PrefixTypos, known.Length / 3), known.Length - 1) && distance < least)
                (nearest, least) = (Prefix + known, distance);
        }

        return nearest;
    }

    /// <summary>The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment), ignoring case.</summary>
    internal static int Distance(string one, string other)
    {
        var (before, last, row) = (new int[other.Length + 1], new int[other.Length + 1], new int[other.Length + 1]);
        for (var j = 0; j <= other.Length; j++)
            last[j] = j;
        for (var i = 1; i <= one.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (Same(one[i - 1], other[j - 1]) ? 0 : 1));
                if (i > 1 && j > 1 && Same(one[i - 1], other[j - 2]) && Same(one[i - 2], other[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[other.Length];
    }

    private static bool Same(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);
}
