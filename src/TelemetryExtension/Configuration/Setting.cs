using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Reads one raw value each. Empty means unset (OpenTelemetry specification, environment variables); what cannot be read
/// is reported and replaced by the default.
/// </summary>
internal static class Setting
{
    public static int Int(string name, string? raw, int fallback, int min, int max, SettingProblems problems)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return fallback;
        if (int.TryParse(raw.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return value;
        problems.Add(name, raw, $"is not a whole number from {min} to {max}", fallback.ToString(CultureInfo.InvariantCulture));
        return fallback;
    }

    /// <summary>Only "true" and "false" in any case are booleans.</summary>
    public static bool Bool(string name, string? raw, bool fallback, SettingProblems problems)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return fallback;
        if (bool.TryParse(raw.Trim(), out var value))
            return value;
        problems.Add(name, raw, "is neither true nor false", fallback ? "true" : "false");
        return fallback;
    }

    /// <summary>One of a fixed set of names, in any case.</summary>
    public static T OneOf<T>(string name, string? raw, T fallback, IReadOnlyDictionary<string, T> choices, SettingProblems problems)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return fallback;
        foreach (var (choice, value) in choices)
            if (choice.Equals(raw.Trim(), StringComparison.OrdinalIgnoreCase))
                return value;
        var used = choices.FirstOrDefault(pair => EqualityComparer<T>.Default.Equals(pair.Value, fallback)).Key;
        problems.Add(name, raw, $"is not one of {string.Join(", ", choices.Keys)}", used);
        return fallback;
    }

    public static string? Text(string? raw) => string.IsNullOrWhiteSpace(raw) ? null : raw.Trim();
}
