namespace TelemetryExtension.Configuration;

/// <summary>
/// What a setting gives as certificate or key: the path of a PEM file, or the PEM text itself. Two are equal when they give the same, whatever the
/// settings are called: endpoints of several signals then share a connection.
/// </summary>
/// <param name="Value">Never printed when it is the text itself.</param>
/// <param name="Setting">The variable's name; empty for the system's own certificates.</param>
internal sealed record PemSource(string Value, string Setting)
{
    /// <summary>For messages.</summary>
    public string Name => IsText ? Setting : Setting.Length == 0 ? Value : $"{Value} ({Setting})";

    public bool IsText => Value.Contains("-----BEGIN ", StringComparison.Ordinal);

    public bool Equals(PemSource? other) => other is not null && Value == other.Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
