using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <summary>
/// The one grammar for durations and sizes: a number with a unit behind it, such as <c>300ms</c>, <c>1.5h</c> or <c>4MiB</c>. A plain number has the unit that
/// its setting always had.
/// </summary>
internal static class Quantity
{
    /// <summary>Longer units first, so that "ms" is not read as "s".</summary>
    private static readonly (string Unit, double Milliseconds)[] Durations = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private static readonly (string Unit, double Bytes)[] Sizes =
        [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    /// <param name="plain">The unit of a plain number, which must be whole.</param>
    public static TimeSpan? Duration(string text, TimeSpan plain) =>
        Parse(text, Durations) is { } milliseconds && milliseconds <= TimeSpan.MaxValue.TotalMilliseconds / 2 ? TimeSpan.FromMilliseconds(milliseconds)
        : Whole(text) is { } number && number <= TimeSpan.MaxValue.TotalMilliseconds / 2 / plain.TotalMilliseconds ? number * plain
        : null;

    /// <summary>A plain number is bytes.</summary>
    public static long? Bytes(string text) => Parse(text, Sizes) is { } bytes && bytes <= long.MaxValue / 2 ? (long)bytes : Whole(text);

    /// <summary>As it is written in messages, in the largest unit that gives a whole number.</summary>
    public static string Text(TimeSpan duration) => Text(duration.TotalMilliseconds, Durations, "ms");

    public static string Text(long bytes) => Text(bytes, Sizes[..3], "B");

    private static double? Parse(string text, (string Unit, double Size)[] units)
    {
        foreach (var (unit, size) in units)
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
                return double.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number * size : null;
        return null;
    }

    private static long? Whole(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(double value, (string Unit, double Size)[] units, string smallest)
    {
        var (unit, size) = (smallest, 1d);
        foreach (var each in units)
            if (value > 0 && value % each.Size == 0 && each.Size > size)
                (unit, size) = each;
        return (value / size).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
