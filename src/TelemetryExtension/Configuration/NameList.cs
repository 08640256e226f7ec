using System.Text;

namespace TelemetryExtension.Configuration;

/// <summary>Names separated by commas, in any case. A <c>*</c> at the start or the end of one stands for any text.</summary>
internal sealed class NameList
{
    private readonly List<(byte[] Text, bool Before, bool After)> _names = [];

    /// <summary>As it was written, for messages and tests.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    public bool IsEmpty => _names.Count == 0;

    public static NameList From(Variables variables, string setting)
    {
        var text = variables.Text(setting) ?? "";
        var list = new NameList { Names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
        foreach (var name in list.Names)
        {
            var middle = name.Trim('*');
            if (name.Length - middle.Length > 2 || middle.Contains('*', StringComparison.Ordinal) || (middle.Length == 0 && name.Length > 1))
                variables.Problems.Add(setting, name, "has a * in another place than at its ends", "the others");
            else
                list._names.Add((Encoding.UTF8.GetBytes(middle), name.StartsWith('*'), name.EndsWith('*')));
        }

        return list;
    }

    public bool Contains(ReadOnlySpan<byte> name)
    {
        foreach (var (text, before, after) in _names)
        {
            if (name.Length < text.Length)
                continue;
            var found = (before, after) switch
            {
                (false, false) => Ascii.EqualsIgnoreCase(name, text),
                (false, true) => Ascii.EqualsIgnoreCase(name[..text.Length], text),
                (true, false) => Ascii.EqualsIgnoreCase(name[^text.Length..], text),
                _ => ContainsAnywhere(name, text),
            };
            if (found)
                return true;
        }

        return false;
    }

    private static bool ContainsAnywhere(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        for (var at = 0; at + text.Length <= name.Length; at++)
            if (Ascii.EqualsIgnoreCase(name.Slice(at, text.Length), text))
                return true;
        return false;
    }
}
