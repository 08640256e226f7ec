using System.Globalization;
using System.Text.RegularExpressions;

namespace LayerTools;

/// <summary>GNU ld's map of a linked binary: which input file brought how many bytes, and the names of managed functions and data.</summary>
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
                // Address 0: the linker dropped it. .bss takes no bytes of the file.
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

    /// <summary>The compiler writes all managed code into one object file, which the linker is given by its path below obj.</summary>
    public static bool IsManaged(string file) => file.StartsWith("obj/", StringComparison.Ordinal) && file.EndsWith(".o", StringComparison.Ordinal);

    private static long Hex(Match match, string group) => long.Parse(match.Groups[group].ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // " .text  0x0000000000401000  0x1f file.o", or the same on the next line when the section's name is long.
    [GeneratedRegex(@"^ (?<section>[^ *]\S*)?\s+(?<address>0x[0-9a-f]+)\s+(?<size>0x[0-9a-f]+) (?<file>\S.*)$")]
    private static partial Regex Input();

    [GeneratedRegex(@"^ {10,}0x[0-9a-f]+ {10,}(?<name>[^\s=.(]\S*)$")]
    private static partial Regex Symbol();

    [GeneratedRegex(@"^ (?<section>\S+)$")]
    private static partial Regex SectionAlone();
}
