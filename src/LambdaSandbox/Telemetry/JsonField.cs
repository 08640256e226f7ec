using System.Text.Json;

namespace LambdaSandbox.Telemetry;

/// <summary>
/// A value of a subscription request, with its place in it. What is wrong is said in the words of the JSON schema validator of AWS's emulator.
/// </summary>
internal readonly record struct JsonField(JsonElement Value, string Place)
{
    public bool IsMissing => Value.ValueKind == JsonValueKind.Undefined;

    public JsonField this[string name] =>
        new(Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out var value) ? value : default, $"{Place}/{name}");

    public JsonField Object()
    {
        Expect(JsonValueKind.Object, "object");
        return this;
    }

    public string Text(params IReadOnlyList<string> allowed)
    {
        Expect(JsonValueKind.String, "string");
        var text = Value.GetString()!;
        if (allowed.Count > 0 && !allowed.Contains(text))
            throw Wrong(allowed.Count == 1 ? $"value must be \"{allowed[0]}\"" : $"value must be one of {string.Join(", ", allowed.Select(each => $"\"{each}\""))}");
        return text;
    }

    public IReadOnlyList<string> Texts(params IReadOnlyList<string> allowed)
    {
        Expect(JsonValueKind.Array, "array");
        if (Value.GetArrayLength() == 0)
            throw Wrong("minimum 1 items required, but found 0 items");
        var place = Place;
        return [.. Value.EnumerateArray().Select((item, index) => new JsonField(item, $"{place}/{index}").Text(allowed)).Distinct()];
    }

    /// <param name="missing">Null: it must be there.</param>
    public int Number(int least, int most, int? missing)
    {
        if (IsMissing && missing is { } standard)
            return standard;
        Expect(JsonValueKind.Number, "integer");
        if (!Value.TryGetInt32(out var number))
            throw Wrong("expected integer, but got number");
        if (number < least)
            throw Wrong($"must be >= {least} but found {number}");
        return number <= most ? number : throw Wrong($"must be <= {most} but found {number}");
    }

    private void Expect(JsonValueKind kind, string name)
    {
        if (IsMissing)
            throw new FormatException($"schema validation error: missing properties: '{Place[(Place.LastIndexOf('/') + 1)..]}'");
        if (Value.ValueKind != kind)
            throw Wrong($"expected {name}, but got {Kind(Value.ValueKind)}");
    }

    private FormatException Wrong(string what) => new($"schema validation error: '{Place}': {what}");

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var other => other.ToString().ToLowerInvariant(),
    };
}
