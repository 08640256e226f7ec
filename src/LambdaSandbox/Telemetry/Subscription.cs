using System.Text.Json;

namespace LambdaSandbox.Telemetry;

/// <summary>A validated subscription request.</summary>
internal sealed record Subscription(
    string SchemaVersion, IReadOnlyList<string> Types, int MaxItems, int MaxBytes, int TimeoutMs, Uri? Http, int? TcpPort)
{
    private static readonly string[] KnownTypes = ["platform", "function", "extension"];
    private static readonly string[] KnownSchemas = ["2022-07-01", "2022-12-13", "2025-01-29"];

    public bool HasDestinationOf(Subscription other) => Http == other.Http && TcpPort == other.TcpPort;

    /// <exception cref="FormatException">The request is invalid. The message is for the caller.</exception>
    public static Subscription Parse(string body, IReadOnlyList<string> refusedSchemas, bool managedInstances)
    {
        using var document = ParseJson(body);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("request body is not a JSON object");

        var schema = Text(root, "schemaVersion") ?? throw new FormatException("schemaVersion is required");
        if (!KnownSchemas.Contains(schema) || refusedSchemas.Contains(schema) || (managedInstances && schema != "2025-01-29"))
            throw new FormatException($"schemaVersion {schema} is not supported");

        if (!root.TryGetProperty("types", out var types) || types.ValueKind != JsonValueKind.Array || types.GetArrayLength() == 0)
            throw new FormatException("types must be a non-empty array");
        var names = types.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.String ? t.GetString()! : t.ToString()).Distinct().ToList();
        if (names.Find(name => !KnownTypes.Contains(name)) is { } unknown)
            throw new FormatException($"unknown type {unknown}");

        var buffering = root.TryGetProperty("buffering", out var value) && value.ValueKind == JsonValueKind.Object ? value : default;
        var maxItems = Number(buffering, "maxItems", 1000, 10000, 10000);
        var maxBytes = Number(buffering, "maxBytes", 262144, 1048576, 262144);
        var timeoutMs = Number(buffering, "timeoutMs", 25, 30000, 1000);

        if (!root.TryGetProperty("destination", out var destination) || destination.ValueKind != JsonValueKind.Object)
            throw new FormatException("destination is required");
        var (http, port) = Destination(destination);
        return new Subscription(schema, names, maxItems, maxBytes, timeoutMs, http, port);
    }

    private static (Uri? Http, int? Port) Destination(JsonElement destination)
    {
        switch (Text(destination, "protocol"))
        {
            case "HTTP":
                if (!Uri.TryCreate(Text(destination, "URI"), UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
                    throw new FormatException("destination.URI must be an http URI");
                if (uri.Host is not ("sandbox.localdomain" or "sandbox"))
                    throw new FormatException("destination.URI must have the host sandbox.localdomain");
                if (uri.Port == 9001)
                    throw new FormatException("destination.URI: port 9001 is reserved");
                return (uri, null);
            case "TCP":
                return (null, Number(destination, "port", 1, 65535, null));
            case var other:
                throw new FormatException($"destination.protocol {other} is not supported");
        }
    }

    private static JsonDocument ParseJson(string body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new FormatException("request body is not valid JSON", e);
        }
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Number(JsonElement owner, string name, int min, int max, int? missing)
    {
        if (owner.ValueKind != JsonValueKind.Object || !owner.TryGetProperty(name, out var value))
            return missing ?? throw new FormatException($"{name} is required");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) || number < min || number > max)
            throw new FormatException($"{name} must be an integer from {min} to {max}");
        return number;
    }
}
