using System.Buffers.Text;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Decides whether a time in a log line is the line's own time, and reads numbers that are times.</summary>
internal static class LogTime
{
    private const long Second = 1_000_000_000;

    // A line is sent when it is printed, plus or minus a queue. A time that is farther off is data of the application. A time without a zone may be
    // local time, so it counts only when it agrees with the envelope.
    private const long Plausible = 24 * 3600 * Second;
    private const long PlausibleWithoutZone = 60 * Second;

    /// <summary>Whether a time read from a line may serve as the line's time.</summary>
    /// <param name="reference">The envelope's time.</param>
    public static bool IsPlausible(long unixNano, bool hasZone, long reference)
    {
        if (reference == 0)
            return hasZone;
        var apart = Math.Abs(unixNano - reference);
        return apart <= (hasZone ? Plausible : PlausibleWithoutZone);
    }

    /// <summary>A number since the epoch. Its size tells the unit: seconds (with a fraction), milli-, micro- or nanoseconds.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> text, out long unixNano)
    {
        unixNano = 0;
        if (Utf8Parser.TryParse(text, out long whole, out var consumed) && consumed == text.Length)
        {
            unixNano = whole switch
            {
                >= 1_000_000_000 and < 10_000_000_000 => whole * Second,
                >= 1_000_000_000_000 and < 10_000_000_000_000 => whole * 1_000_000,
                >= 1_000_000_000_000_000 and < 10_000_000_000_000_000 => whole * 1_000,
                >= 1_000_000_000_000_000_000 => whole,
                _ => 0,
            };
            return unixNano > 0 && unixNano < 7_258_118_400 * Second;
        }

        if (!Utf8Parser.TryParse(text, out decimal number, out consumed) || consumed != text.Length)
            return false;
        if (number is >= 1_000_000_000 and < 7_258_118_400)
            unixNano = (long)(number * Second);
        else if (number is >= 1_000_000_000_000 and < 7_258_118_400_000)
            unixNano = (long)(number * 1_000_000);
        return unixNano > 0;
    }
}
