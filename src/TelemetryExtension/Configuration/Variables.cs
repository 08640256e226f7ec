using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Reads settings by name. Empty means unset (OpenTelemetry specification, environment variables). An invalid value is reported and replaced by the
/// default.
/// </summary>
internal sealed class Variables(Func<string, string?> read, SettingProblems problems)
{
    public SettingProblems Problems => problems;

    public static Variables OfEnvironment(SettingProblems problems)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        return new(name => configuration[name], problems);
    }

    /// <summary>The trimmed text. Null when unset.</summary>
    public string? Text(string name) => read(name) is { } raw && !string.IsNullOrWhiteSpace(raw) ? raw.Trim() : null;

    public int Int(string name, int fallback, int min, int max)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return value;
        problems.Add(name, text, $"is not a whole number from {min} to {max}", fallback.ToString(CultureInfo.InvariantCulture));
        return fallback;
    }

    public TimeSpan Seconds(string name, int fallback, int min, int max) => TimeSpan.FromSeconds(Int(name, fallback, min, max));

    public TimeSpan Milliseconds(string name, int fallback, int min, int max) => TimeSpan.FromMilliseconds(Int(name, fallback, min, max));

    /// <summary>Only "true" and "false", in any case, are booleans.</summary>
    public bool Bool(string name, bool fallback)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (bool.TryParse(text, out var value))
            return value;
        problems.Add(name, text, "is neither true nor false", fallback ? "true" : "false");
        return fallback;
    }

    /// <summary>A member of <typeparamref name="T"/> by its name, in any case.</summary>
    public T OneOf<T>(string name, T fallback)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return fallback;
        foreach (var choice in Enum.GetNames<T>())
            if (choice.Equals(text, StringComparison.OrdinalIgnoreCase))
                return Enum.Parse<T>(choice);
        problems.Add(
            name, text, $"is not one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}", fallback.ToString().ToLowerInvariant());
        return fallback;
    }

    /// <summary>Words separated by commas, in any case. One that is not among the choices costs all of them.</summary>
    public IReadOnlyList<string> Words(string name, IReadOnlyList<string> fallback, IReadOnlyList<string> choices)
    {
        if (Text(name) is not { } text)
            return fallback;
        var words = text.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.All(choices.Contains))
            return words;
        problems.Add(name, text, $"is not a list of {string.Join(", ", choices)}", string.Join(",", fallback));
        return fallback;
    }
}
