using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace LayerTools;

/// <summary>One node of the native image that the compiler attributes to a type or to a method.</summary>
internal sealed record MstatEntry(string Assembly, string Namespace, string Type, string? Method, int Bytes)
{
    public string FullType => Namespace.Length == 0 ? Type : $"{Namespace}.{Type}";
}

/// <summary>Reads the IL compiler's report of what it put into the object file.</summary>
internal sealed record Mstat(IReadOnlyList<MstatEntry> Entries, IReadOnlyList<(string Name, int Bytes)> Blobs)
{
    private const int UserStrings = 0x70;

    /// <summary>
    /// Reads an .mstat file, which is an assembly. Its global methods (Types, Methods, ...) are lists: a token or a string, then its constants.
    /// </summary>
    public static Mstat Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var owners = new MstatOwners(metadata);
        var entries = new List<MstatEntry>();
        var blobs = new List<(string, int)>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var list = metadata.GetMethodDefinition(handle);
            var name = metadata.GetString(list.Name);
            if (list.RelativeVirtualAddress == 0 || name is not ("Types" or "Methods" or "Blobs" or "RvaFields" or "FrozenObjects"))
                continue;
            foreach (var (token, numbers) in Items(file.GetMethodBody(list.RelativeVirtualAddress).GetILReader()))
                if (numbers.Count == 0)
                    continue; // the owner of a frozen object, whose type follows
                else if (token >> 24 == UserStrings)
                    blobs.Add((metadata.GetUserString(MetadataTokens.UserStringHandle(token & 0xFFFFFF)), numbers[0]));
                else if (owners.Find(MetadataTokens.EntityHandle(token)) is { } owner)
                    // A method has three sizes: code, GC information, exception information. The number after them is the node's name.
                    entries.Add(owner with { Bytes = name == "Methods" ? numbers[0] + numbers[1] + numbers[2] : numbers[0] });
        }

        return new(entries, blobs);
    }

    private static List<(int Token, List<int> Numbers)> Items(BlobReader il)
    {
        var items = new List<(int Token, List<int> Numbers)>();
        while (il.RemainingBytes > 0)
        {
            var opcode = il.ReadByte();
            switch (opcode)
            {
                case 0xD0 or 0x72: // ldtoken, ldstr
                    items.Add((il.ReadInt32(), []));
                    break;
                case >= 0x15 and <= 0x1E: // ldc.i4.m1 to ldc.i4.8
                    items[^1].Numbers.Add(opcode - 0x16);
                    break;
                case 0x1F: // ldc.i4.s
                    items[^1].Numbers.Add(il.ReadSByte());
                    break;
                case 0x20: // ldc.i4
                    items[^1].Numbers.Add(il.ReadInt32());
                    break;
                case 0x00 or 0x2A: // nop, ret
                    break;
                default:
                    throw new InvalidDataException($"opcode {opcode:x2} is not expected in an .mstat file");
            }
        }

        return items;
    }
}
