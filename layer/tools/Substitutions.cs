using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace LayerTools;

/// <summary>
/// Converts a list of code that the extension never runs into the XML for the IL compiler. Every name is looked up in the compiled assembly. So a rename in
/// a new package version fails the build here instead of silently disabling the list.
/// </summary>
/// <remarks>Lines: "assembly NAME"; "throw TYPE [METHOD...]" and "default TYPE [METHOD...]" with all methods of the type when none is named.</remarks>
internal static class Substitutions
{
    public static XDocument Generate(IEnumerable<string> list, Func<string, string> findAssembly)
    {
        var linker = new XElement("linker");
        XElement? assembly = null;
        Dictionary<string, ILookup<string, string>> types = [];
        foreach (var line in list.Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["assembly", var name]:
                    types = ReadTypes(findAssembly(name));
                    linker.Add(assembly = new("assembly", new XAttribute("fullname", name)));
                    break;
                case ["throw" or "default", var type, .. var methods] when assembly is not null:
                    if (!types.TryGetValue(type, out var known))
                        throw new InvalidDataException($"{assembly.Attribute("fullname")!.Value} has no type {type}: correct the list of unused code");
                    if (methods.FirstOrDefault(method => !known.Contains(method)) is { } unknown)
                        throw new InvalidDataException($"{type} has no method {unknown} with a body and without type parameters: correct the list of unused code");
                    var signatures = methods.Length > 0 ? methods.SelectMany(method => known[method]) : known.SelectMany(overloads => overloads);
                    assembly.Add(new XElement("type", new XAttribute("fullname", type), signatures.Select(signature => Substitution(signature, words[0]))));
                    break;
                default:
                    throw new InvalidDataException($"cannot read the line '{line}' of the list of unused code");
            }
        }

        return new(linker);
    }

    private static XElement Substitution(string signature, string kind) =>
        new("method", new XAttribute("signature", signature), new XAttribute("body", kind == "throw" ? "remove" : "stub"));

    /// <summary>The signatures of all methods with a body, by name and type. The compiler finds no generic method by its signature.</summary>
    private static Dictionary<string, ILookup<string, string>> ReadTypes(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var types = new Dictionary<string, ILookup<string, string>>();
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            if (!type.IsNested)
                types[$"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}"] = type.GetMethods()
                    .Select(metadata.GetMethodDefinition).Where(method => method.RelativeVirtualAddress != 0 && method.GetGenericParameters().Count == 0)
                    .ToLookup(method => metadata.GetString(method.Name), method => SignatureNames.Of(metadata, method));
        }

        return types;
    }
}
