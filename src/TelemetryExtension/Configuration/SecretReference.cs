namespace TelemetryExtension.Configuration;

internal enum SecretService : byte
{
    SecretsManager,
    ParameterStore,
}

/// <summary>What one read of a store gives. Several references may take parts of it.</summary>
/// <param name="Arn">Names a secret or a parameter. It is no secret itself.</param>
/// <param name="Version">VersionStage or VersionId, and which of both it is. Null for the current one.</param>
internal sealed record SecretSource(SecretService Service, string Region, string Arn, SecretVersion? Version = null)
{
    public override string ToString() => Version is null ? Arn : $"{Arn}?{Version.Name}={Version.Value}";
}

internal sealed record SecretVersion(string Name, string Value);

/// <summary>
/// A place in a setting where a secret belongs: <c>${arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[?versionStage=STAGE][#jsonKey]}</c> or
/// <c>${arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME[:VERSION][#jsonKey]}</c>.
/// </summary>
/// <param name="JsonKey">The member of the secret's JSON object. Null for the whole text.</param>
internal sealed record SecretReference(SecretSource Source, string? JsonKey)
{
    /// <summary>As in the setting.</summary>
    public override string ToString() => $"${{{Source}{(JsonKey is null ? "" : "#" + JsonKey)}}}";

    /// <param name="text">What stands between the braces.</param>
    /// <returns>Null when it names neither a secret nor a parameter.</returns>
    public static SecretReference? TryParse(string text)
    {
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        var (name, jsonKey) = hash < 0 ? (text, null) : (text[..hash], text[(hash + 1)..]);
        SecretVersion? version = null;
        if (name.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question)
        {
            if (name[(question + 1)..].Split('=') is not [("versionStage" or "versionId") and var kind, { Length: > 0 } value])
                return null;
            (name, version) = (name[..question], new(kind, value));
        }

        SecretSource? source = name.Split(':') switch
        {
            ["arn", { Length: > 0 }, "secretsmanager", { Length: > 0 } region, { Length: > 0 }, "secret", { Length: > 0 }] => new(SecretService.SecretsManager, region, name, version),
            ["arn", { Length: > 0 }, "ssm", { Length: > 0 } region, { Length: > 0 }, var parameter, .. var rest] when IsParameter(parameter) && rest.Length <= 1 && version is null =>
                new(SecretService.ParameterStore, region, name),
            _ => null,
        };
        return source is null || !IsName(source.Region) || !source.Arn.All(IsArnCharacter) || jsonKey is "" ? null : new(source, jsonKey);
    }

    private static bool IsParameter(string text) => text.StartsWith("parameter/", StringComparison.Ordinal) && text.Length > "parameter/".Length;

    /// <summary>The region becomes a part of a host name.</summary>
    private static bool IsName(string text) => text.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsArnCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "/_+=.@-:".Contains(c, StringComparison.Ordinal);
}
