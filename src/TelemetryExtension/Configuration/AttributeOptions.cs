namespace TelemetryExtension.Configuration;

/// <summary>The actions of the collector's attributes processor, and rename.</summary>
internal enum AttributeActionKind : byte
{
    /// <summary>Adds the attribute when it is not there.</summary>
    Insert,

    /// <summary>Changes the attribute when it is there.</summary>
    Update,

    /// <summary>Both.</summary>
    Upsert,

    Delete,

    /// <summary>Replaces the value by its SHA-256.</summary>
    Hash,

    /// <summary>Gives the value another key, in the place of what had it.</summary>
    Rename,
}

/// <param name="OfResource">Whether it changes resources. Otherwise it changes spans and log records.</param>
/// <param name="Key">Of Delete and Hash it may end with a <c>*</c>.</param>
/// <param name="Argument">The value, or the new key.</param>
internal sealed record AttributeAction(AttributeActionKind Kind, bool OfResource, string Key, string Argument);

/// <summary>
/// What is changed in attributes, in this order: <c>upsert env=prod, delete http.cookie, hash user.id, rename uid=user.id, insert
/// resource:team=payments</c>. Values are percent-encoded, as in OTEL_RESOURCE_ATTRIBUTES.
/// </summary>
internal sealed record AttributeOptions(IReadOnlyList<AttributeAction> Actions)
{
    private const string Setting = "TELEMETRY_EXTENSION_ATTRIBUTES";
    private const string Resource = "resource:";

    public static AttributeOptions From(Variables variables)
    {
        var actions = new List<AttributeAction>();
        foreach (var text in variables.Text(Setting)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            if (Read(text) is { } action)
                actions.Add(action);
            else
                variables.Problems.Add(Setting, text, "is not an action such as 'upsert KEY=VALUE', 'delete KEY', 'hash KEY', 'rename KEY=NEW'", "the others");
        }

        return new(actions);
    }

    private static AttributeAction? Read(string text)
    {
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        if (blank < 0 || !Enum.TryParse<AttributeActionKind>(text[..blank], ignoreCase: true, out var kind) || char.IsAsciiDigit(text[0]))
            return null;
        var key = text[blank..].Trim();
        var argument = "";
        if (kind is not (AttributeActionKind.Delete or AttributeActionKind.Hash))
        {
            var equals = key.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                return null;
            argument = Uri.UnescapeDataString(key[(equals + 1)..].Trim());
            key = key[..equals].Trim();
        }

        var ofResource = key.StartsWith(Resource, StringComparison.Ordinal);
        if (ofResource)
            key = key[Resource.Length..];
        return key.Length == 0 || (kind is AttributeActionKind.Rename && argument.Length == 0) ? null : new(kind, ofResource, key, argument);
    }
}
