using System.Globalization;
using System.Text.RegularExpressions;

namespace LayerTools;

/// <summary>Reads GNU ld's map of a linked binary: how many bytes each input file contributed, and the names of managed functions and data.</summary>
internal sealed partial record LinkMap(IReadOnlyDictionary<string, long> BytesByFile, IReadOnlySet<string> Symbols)
{
    /// <summary>Sections that are loaded; debug and note sections are stripped.</summary>
    private static readonly string[] NotLoaded = [".debug", ".comment", ".note", ".symtab", ".strtab", ".shstrtab"];

    public static LinkMap Read(IEnumerable<string> lines)
    {
        var bytes = new Dictionary<string, long>();
        var symbols = new HashSet<string>(StringComparer.Ordinal);
        var (section, file, inMap) = ("", "", false);
        foreach (var line in lines)
        {
            inMap |= line.StartsWith("Linker script and memory map", StringComparison.Ordinal);
            if (!inMap)
                continue;
            if (Input().Match(line) is { Success: true } input)
            {
                section = input.Groups["section"].Success ? input.Groups["section"].Value : section;
                file = input.Groups["file"].Value;
                // At address 0 is what the linker dropped. .bss takes no bytes of the file.
                if (Hex(input, "address") != 0 && !section.StartsWith(".bss", StringComparison.Ordinal) && !NotLoaded.Any(name => section.StartsWith(name, StringComparison.Ordinal)))
                    bytes[file] = bytes.GetValueOrDefault(file) + Hex(input, "size");
            }
            else if (IsManaged(file) && Symbol().Match(line) is { Success: true } symbol)
                symbols.Add(symbol.Groups["name"].Value);
            else if (SectionAlone().Match(line) is { Success: true } alone)
                section = alone.Groups["section"].Value;
        }

        return new(bytes, symbols);
    }

    /// <summary>The object file with all managed code, which the linker gets by its path below obj.</summary>
    public static bool IsManaged(string file) => file.StartsWith("obj/", StringComparison.Ordinal) && file.EndsWith(".o", StringComparison.Ordinal);

    private static long Hex(Match match, string group) => long.Parse(match.Groups[group].ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // The line is " .text  0x0000000000401000  0x1f file.o". After a long section name the rest is on the next line.
    [GeneratedRegex(@"^ (?<section>[^ *]\S*)?\s+(?<address>0x[0-9a-f]+)\s+(?<size>0x[0-9a-f]+) (?<file>\S.*)$")]
    private static partial Regex Input();

    [GeneratedRegex(@"^ {10,}0x[0-9a-f]+ {10,}(?<name>[^\s=.(]\S*)$")]
    private static partial Regex Symbol();

    [GeneratedRegex(@"^ (?<section>\S+)$")]
    private static partial Regex SectionAlone();
}
