using System.Globalization;
using System.Text;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>What the names of a log group and a log stream are made of. The instance is known once Lambda has told it (platform.initStart).</summary>
internal sealed record LogNameValues(string? Function, string? Version, string? Instance);

/// <summary>Fills {function}, {version}, {instance} and {date} (UTC, yyyy/MM/dd) into a template and keeps to the characters and lengths of the API.</summary>
internal static class LogNames
{
    public const int MaxLength = 512;

    /// <summary>Letters, digits and <c>. - _ / #</c>; anything else becomes a dash.</summary>
    public static string Group(string template, LogNameValues values, DateTimeOffset now) =>
        Clean(Fill(template, values, now), static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or '#');

    /// <summary>Anything but <c>: *</c> and control characters; those become a dash.</summary>
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
