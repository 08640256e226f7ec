using System.Text;

namespace TelemetryExtension.Configuration;

/// <summary>Finds references to secrets in the text of a setting, and puts values in their places.</summary>
internal static class SecretText
{
    private const string Start = "${arn:";

    /// <summary>Cheap, because every setting of an endpoint is asked.</summary>
    public static bool HasReference(string? text) => text?.Contains(Start, StringComparison.Ordinal) == true;

    /// <summary>The references of a text, null for one that names no secret.</summary>
    public static List<SecretReference?> Find(string? text)
    {
        var references = new List<SecretReference?>();
        for (var place = Next(text, 0); place is { } found; place = Next(text, found.End))
            references.Add(found.Reference);
        return references;
    }

    /// <summary>The text with the values in place. Null when one is missing. A reference that names no secret stays as it is.</summary>
    /// <param name="valueOf">Gets the reference and its position.</param>
    public static string? Expand(string text, Func<SecretReference, int, string?> valueOf)
    {
        var expanded = new StringBuilder(text.Length);
        var end = 0;
        for (var place = Next(text, 0); place is { } found; place = Next(text, found.End))
        {
            expanded.Append(text, end, found.Start - end);
            end = found.End;
            if (found.Reference is null)
                expanded.Append(text, found.Start, found.End - found.Start);
            else if (valueOf(found.Reference, found.Start) is { } value)
                expanded.Append(value);
            else
                return null;
        }

        return expanded.Append(text, end, text.Length - end).ToString();
    }

    /// <summary>
    /// For a list of headers. A secret inside a header's value is that value, whatever characters it has. A secret that stands for a whole entry is
    /// itself a list of headers.
    /// </summary>
    public static string? ExpandHeaders(string text, Func<SecretReference, string?> valueOf) => Expand(text, (reference, at) =>
    {
        var value = valueOf(reference)?.Trim();
        var entry = text.AsSpan(0, at);
        entry = entry[(entry.LastIndexOf(',') + 1)..];
        return value is null || !entry.Contains('=') ? value : Uri.EscapeDataString(value);
    });

    private static (int Start, int End, SecretReference? Reference)? Next(string? text, int from)
    {
        var start = text?.IndexOf(Start, from, StringComparison.Ordinal) ?? -1;
        if (text is null || start < 0)
            return null;
        var close = text.IndexOf('}', start);
        return close < 0 ? (start, text.Length, null) : (start, close + 1, SecretReference.TryParse(text[(start + 2)..close]));
    }
}
