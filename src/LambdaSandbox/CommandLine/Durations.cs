using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LambdaSandbox.CommandLine;

/// <summary>Parses durations on the command line, in every form in which this program prints them.</summary>
internal static class Durations
{
    private static readonly (string Suffix, double Milliseconds)[] Units =
        [("µs", 0.001), ("us", 0.001), ("ms", 1), ("min", 60_000), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("", 1000)];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        var (suffix, milliseconds) = Units.First(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        var digits = text[..^suffix.Length].TrimEnd();
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || value * milliseconds > 86_400_000)
            return false;
        duration = TimeSpan.FromMilliseconds(value * milliseconds);
        return true;
    }

    public static string Print(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:F1} ms");

    public static Option<TimeSpan> Option(string name, string description, string standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => TryParse(standard, out var value) ? value : default,
        CustomParser = result => Parse(result, name),
    };

    private static TimeSpan Parse(ArgumentResult result, string name)
    {
        // A shell passes `--pause 123.4 ms` as two words.
        var text = string.Join(' ', result.Tokens.Select(token => token.Value));
        if (!TryParse(text, out var duration))
            result.AddError($"{name}: {text} is not a duration (2s, 500ms, 1.5, 123.4 ms, 2m)");
        return duration;
    }
}
