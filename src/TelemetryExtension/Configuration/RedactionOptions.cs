using System.Text.RegularExpressions;

namespace TelemetryExtension.Configuration;

/// <summary>The detectors that the extension brings.</summary>
[Flags]
internal enum SecretKinds : byte
{
    None = 0,
    Aws = 1,
    Bearer = 2,
    Jwt = 4,
    PrivateKey = 8,
    Card = 16,

    /// <summary>Not part of the default set: in many logs an address is what one looks for.</summary>
    Email = 32,
}

/// <summary>Which values are replaced in texts and attributes.</summary>
/// <param name="Patterns">What else is replaced wherever it stands.</param>
/// <param name="Keys">Attributes whose whole value is replaced.</param>
internal sealed record RedactionOptions(SecretKinds Kinds, IReadOnlyList<Regex> Patterns, NameList Keys)
{
    private const SecretKinds Default = SecretKinds.Aws | SecretKinds.Bearer | SecretKinds.Jwt | SecretKinds.PrivateKey | SecretKinds.Card;

    private static readonly string[] Names = ["none", "default", "aws", "bearer", "jwt", "private-key", "card", "email"];

    public bool Enabled => Kinds is not SecretKinds.None || Patterns.Count > 0 || !Keys.IsEmpty;

    public static RedactionOptions From(Variables variables)
    {
        var kinds = SecretKinds.None;
        foreach (var name in variables.Words("TELEMETRY_EXTENSION_REDACT", ["none"], Names))
            kinds |= KindsOf(name);
        return new(
            kinds,
            variables.Patterns("TELEMETRY_EXTENSION_REDACT_PATTERNS"),
            NameList.From(variables, "TELEMETRY_EXTENSION_REDACT_KEYS"));
    }

    private static SecretKinds KindsOf(string name) => name switch
    {
        "default" => Default,
        "aws" => SecretKinds.Aws,
        "bearer" => SecretKinds.Bearer,
        "jwt" => SecretKinds.Jwt,
        "private-key" => SecretKinds.PrivateKey,
        "card" => SecretKinds.Card,
        "email" => SecretKinds.Email,
        _ => SecretKinds.None,
    };
}
