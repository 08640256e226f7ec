using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Reads settings by name. Empty means unset (OpenTelemetry specification, environment variables). An invalid value is reported and replaced by the
/// default.
/// </summary>
/// <param name="seen">Gets each setting that is read. For the command <c>check</c>.</param>
internal sealed class Variables(Func<string, string?> read, SettingProblems problems, Action<SettingRead>? seen = null)
{
    /// <summary>Each costs time for every record.</summary>
    private const int MaxPatterns = 20;

    public SettingProblems Problems => problems;

    public static Variables OfEnvironment(SettingProblems problems, Action<SettingRead>? seen = null)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        return new(name => configuration[name], problems, seen);
    }

    /// <summary>The trimmed text. Null when unset.</summary>
    public string? Text(string name)
    {
        var text = Raw(name);
        seen?.Invoke(new(name, text, text));
        return text;
    }

    public int Int(string name, int fallback, int min, int max)
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback, Plain);
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return Used(name, text, value, Plain);
        problems.Add(name, text, $"is not a whole number from {min} to {max}", Plain(fallback));
        return Used(name, text, fallback, Plain);
    }

    /// <summary>A duration (<see cref="Quantity"/>). A plain number is seconds, and so are the limits.</summary>
    public TimeSpan Seconds(string name, int fallback, int min, int max) => Duration(name, TimeSpan.FromSeconds(1), "seconds", fallback, min, max);

    /// <summary>A duration whose plain number is milliseconds, and so are the limits.</summary>
    public TimeSpan Milliseconds(string name, int fallback, int min, int max) => Duration(name, TimeSpan.FromMilliseconds(1), "milliseconds", fallback, min, max);

    /// <summary>A size (<see cref="Quantity"/>). A plain number is bytes.</summary>
    public int Bytes(string name, int fallback, int min, int max)
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback, Size);
        if (Quantity.Bytes(text) is { } bytes && bytes >= min && bytes <= max)
            return Used(name, text, (int)bytes, Size);
        problems.Add(name, text, $"is not a size from {Size(min)} to {Size(max)}, in bytes or with a unit such as 512KiB", Size(fallback));
        return Used(name, text, fallback, Size);
    }

    /// <summary>Only "true" and "false", in any case, are booleans.</summary>
    public bool Bool(string name, bool fallback)
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback, Lower);
        if (bool.TryParse(text, out var value))
            return Used(name, text, value, Lower);
        problems.Add(name, text, "is neither true nor false", Lower(fallback));
        return Used(name, text, fallback, Lower);
    }

    /// <summary>A member of <typeparamref name="T"/> by its name, in any case.</summary>
    public T OneOf<T>(string name, T fallback)
        where T : struct, Enum
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback, Lower);
        foreach (var choice in Enum.GetNames<T>())
            if (choice.Equals(text, StringComparison.OrdinalIgnoreCase))
                return Used(name, text, Enum.Parse<T>(choice), Lower);
        problems.Add(name, text, $"is not one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}", Lower(fallback));
        return Used(name, text, fallback, Lower);
    }

    /// <summary>Words separated by commas, in any case. One that is not among the choices costs all of them.</summary>
    public IReadOnlyList<string> Words(string name, IReadOnlyList<string> fallback, IReadOnlyList<string> choices)
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback, Joined);
        var words = text.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.All(choices.Contains))
            return Used(name, text, words, Joined);
        problems.Add(name, text, $"is not a list of {string.Join(", ", choices)}", Joined(fallback));
        return Used(name, text, fallback, Joined);
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

    private TimeSpan Duration(string name, TimeSpan unit, string unitName, int fallback, int min, int max)
    {
        if (Raw(name) is not { } text)
            return Used(name, null, fallback * unit, Quantity.Text);
        if (Quantity.Duration(text, unit) is { } duration && duration >= min * unit && duration <= max * unit)
            return Used(name, text, duration, Quantity.Text);
        problems.Add(
            name, text, $"is not a duration from {Quantity.Text(min * unit)} to {Quantity.Text(max * unit)}, in {unitName} or with a unit such as 20s", Quantity.Text(fallback * unit));
        return Used(name, text, fallback * unit, Quantity.Text);
    }

    private string? Raw(string name) => read(name) is { } raw && !string.IsNullOrWhiteSpace(raw) ? raw.Trim() : null;

    private T Used<T>(string name, string? text, T value, Func<T, string> print)
    {
        seen?.Invoke(new(name, text, print(value)));
        return value;
    }

    private static string Plain(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Size(int bytes) => Quantity.Text((long)bytes);

    private static string Joined(IReadOnlyList<string> words) => string.Join(",", words);

    private static string Lower<T>(T value)
        where T : notnull => value.ToString()!.ToLowerInvariant();
}

/// <param name="Text">As it is set. Null when it is not.</param>
/// <param name="Value">What counts.</param>
internal sealed record SettingRead(string Name, string? Text, string? Value);
