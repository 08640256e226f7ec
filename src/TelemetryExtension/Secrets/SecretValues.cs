using System.Text.Json;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Secrets;

/// <summary>The texts of some secrets at one moment.</summary>
internal sealed class SecretValues(IReadOnlyDictionary<SecretSource, string> texts)
{
    /// <summary>The text that replaces a reference. Null when the reference names a member, and the secret is not a JSON object with that member.</summary>
    public string? Of(SecretReference reference)
    {
        if (!texts.TryGetValue(reference.Source, out var text) || reference.JsonKey is not { } key)
            return texts.GetValueOrDefault(reference.Source);
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty(key, out var member))
                return null;
            return member.ValueKind == JsonValueKind.String ? member.GetString() : member.GetRawText();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public bool IsSameAs(SecretValues other) => texts.Count == other.Count && texts.All(each => other.TextOf(each.Key) == each.Value);

    private int Count => texts.Count;

    private string? TextOf(SecretSource source) => texts.GetValueOrDefault(source);
}
