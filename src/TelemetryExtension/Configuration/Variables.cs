using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Reads settings by name. Empty means unset (OpenTelemetry specification, environment variables). An invalid value is reported and replaced by the
/// default.
/// </summary>
internal sealed class Variables(Func<string, string?> read, SettingProblems problems)
{
    /// <summary>Each costs time for every record.</summary>
    private const int MaxPatterns = 20;

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

    /// <summary>
    /// Regular expressions separated by blanks, so that a blank in one is written <c>\s</c>. They do not backtrack: the time for a text is in
    /// proportion to it. One that cannot be used costs only itself.
    /// </summary>
    public IReadOnlyList<Regex> Patterns(string name)
    {
        var patterns = new List<Regex>();
        foreach (var word in Text(name)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            if (patterns.Count == MaxPatterns)
                problems.Add(name, word, $"is one of more than {MaxPatterns} patterns", "the others");
            else if (ToRegex(word, out var problem) is { } pattern)
                patterns.Add(pattern);
            else
                problems.Add(name, word, problem, "the others");
        }

        return patterns;
    }

    private static Regex? ToRegex(string pattern, out string problem)
    {
        try
        {
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);
            problem = "matches the empty text";
            return regex.IsMatch("") ? null : regex;
        }
        catch (ArgumentException)
        {
            problem = "is not a regular expression";
        }
        catch (NotSupportedException)
        {
            // Lookarounds, back-references, atomic groups; or more states than the engine allows.
            problem = "needs backtracking or is too large";
        }

        return null;
    }
}
