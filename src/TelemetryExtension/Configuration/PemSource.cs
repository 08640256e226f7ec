namespace TelemetryExtension.Configuration;

/// <summary>
/// A certificate or key from a setting: the path of a PEM file, or the PEM text itself. Two sources with the same content are equal whatever their
/// settings are called, so endpoints of several signals share a connection.
/// </summary>
/// <param name="Value">Never printed when it is the text itself.</param>
/// <param name="Setting">The variable's name. Empty for the system's own certificates.</param>
internal sealed record PemSource(string Value, string Setting)
{
    /// <summary>The name for messages.</summary>
    public string Name => IsText ? Setting : Setting.Length == 0 ? Value : $"{Value} ({Setting})";

    public bool IsText => Value.Contains("-----BEGIN ", StringComparison.Ordinal);

    public bool Equals(PemSource? other) => other is not null && Value == other.Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
