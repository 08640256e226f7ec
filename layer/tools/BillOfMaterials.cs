using System.Text.Json;
using System.Text.Json.Nodes;

namespace LayerTools;

/// <summary>Adds the libraries that the linker took from the system to a CycloneDX document, because .NET's package managers do not know them.</summary>
internal static class BillOfMaterials
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="linked">Entries NAME=VERSION=LICENSE, with an SPDX license expression.</param>
    public static string Complete(string document, IEnumerable<string> linked)
    {
        var root = JsonNode.Parse(document)!.AsObject();
        // Sort, so that the same input gives the same bytes.
        root["metadata"]?.AsObject().Remove("timestamp");
        var components = root["components"]?.AsArray() ?? throw new InvalidDataException("the document has no components");
        foreach (var item in linked)
        {
            if (item.Split('=') is not [{ Length: > 0 } name, { Length: > 0 } version, { Length: > 0 } license])
                throw new InvalidDataException($"{item} is not NAME=VERSION=LICENSE");
            components.Add(new JsonObject
            {
                ["type"] = "library",
                ["bom-ref"] = $"{name}@{version}",
                ["name"] = name,
                ["version"] = version,
                ["scope"] = "required",
                ["licenses"] = new JsonArray(new JsonObject { ["expression"] = license }),
            });
        }

        return root.ToJsonString(Indented) + "\n";
    }
}
