using System.Globalization;
using System.Text;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>The values for the names of a log group and a log stream. The instance is known after platform.initStart.</summary>
internal sealed record LogNameValues(string? Function, string? Version, string? Instance);

/// <summary>
/// Fills {function}, {version}, {instance} and {date} (UTC, yyyy/MM/dd) into a template, within the characters and lengths that the API allows.
/// </summary>
internal static class LogNames
{
    public const int MaxLength = 512;

    /// <summary>Keeps letters, digits and <c>. - _ / #</c>. Anything else becomes a dash.</summary>
    public static string Group(string template, LogNameValues values, DateTimeOffset now) =>
        Clean(Fill(template, values, now), static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or '#');

    /// <summary>Keeps anything except <c>: *</c> and control characters, which become a dash.</summary>
    public static string Stream(string template, LogNameValues values, DateTimeOffset now) =>
        Clean(Fill(template, values, now), static c => c is not (':' or '*') && !char.IsControl(c) && !char.IsSurrogate(c));

    private static string Fill(string template, LogNameValues values, DateTimeOffset now) => template
        .Replace("{function}", Or(values.Function), StringComparison.Ordinal)
        .Replace("{version}", Or(values.Version), StringComparison.Ordinal)
        .Replace("{instance}", Or(values.Instance), StringComparison.Ordinal)
        .Replace("{date}", now.UtcDateTime.ToString("yyyy'/'MM'/'dd", CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static string Or(string? value) => string.IsNullOrEmpty(value) ? "unknown" : value;

    private static string Clean(string name, Func<char, bool> allowed)
    {
        var clean = new StringBuilder(Math.Min(name.Length, MaxLength));
        foreach (var c in name.AsSpan(0, Math.Min(name.Length, MaxLength)))
            clean.Append(allowed(c) ? c : '-');
        return clean.Length == 0 ? "unknown" : clean.ToString();
    }
}
