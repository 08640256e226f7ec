using System.Buffers.Text;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Times as log lines print them, in nanoseconds of the Unix epoch.</summary>
internal static class LogTime
{
    private const long Second = 1_000_000_000;

    // A line is printed when it is sent, give or take a queue. Farther off it is data of the application and not the line's time;
    // without a zone it may be local time, and is believed only when it agrees.
    private const long Plausible = 24 * 3600 * Second;
    private const long PlausibleWithoutZone = 60 * Second;

    /// <summary>Whether a time read from a line may be taken for the line's time.</summary>
    /// <param name="reference">The envelope's time.</param>
    public static bool IsPlausible(long unixNano, bool hasZone, long reference)
    {
        if (reference == 0)
            return hasZone;
        var apart = Math.Abs(unixNano - reference);
        return apart <= (hasZone ? Plausible : PlausibleWithoutZone);
    }

    /// <summary>
    /// Reads <c>2025-08-11T12:00:00.101Z</c> and its relatives at the start of the text: blank for T, comma or colon before the fraction
    /// (Python; samples in AWS's documentation), any number of digits, offset with or without colon, or no zone.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long unixNano, out int length, out bool hasZone)
    {
        unixNano = 0;
        length = 0;
        hasZone = false;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)' ' or (byte)'t') || text[13] != ':' || text[16] != ':')
            return false;
        int year = (Two(text) * 100) + Two(text[2..]), month = Two(text[5..]), day = Two(text[8..]);
        int hour = Two(text[11..]), minute = Two(text[14..]), second = Two(text[17..]);
        if (year is < 1970 or > 2199 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 60)
            return false;
        length = 19;
        var fraction = Fraction(text, ref length);
        unixNano = ((Days(year, month, day) * 86400) + (hour * 3600) + (minute * 60) + second) * Second + fraction;
        hasZone = TryReadZone(text[length..], out var offset, out var zoneLength);
        length += zoneLength;
        unixNano -= offset * Second;
        return true;
    }

    /// <summary>A number since the epoch whose unit its size tells: seconds (with a fraction), milli-, micro- or nanoseconds.</summary>
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

    private static int Two(ReadOnlySpan<byte> text)
    {
        int high = text[0] - '0', low = text[1] - '0';
        return (uint)high > 9 || (uint)low > 9 ? -10_000 : (high * 10) + low;
    }

    private static long Fraction(ReadOnlySpan<byte> text, ref int length)
    {
        if (length + 1 >= text.Length || text[length] is not ((byte)'.' or (byte)',' or (byte)':') || !IsDigit(text[length + 1]))
            return 0;
        length++;
        long fraction = 0, unit = Second / 10;
        for (; length < text.Length && IsDigit(text[length]); length++)
        {
            fraction += (text[length] - '0') * unit;
            unit /= 10;
        }

        return fraction;
    }

    private static bool TryReadZone(ReadOnlySpan<byte> text, out long offsetSeconds, out int length)
    {
        offsetSeconds = 0;
        length = 0;
        if (text.IsEmpty)
            return false;
        if (text[0] is (byte)'Z' or (byte)'z')
        {
            length = 1;
            return true;
        }

        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length < 5)
            return false;
        var colon = text[3] == ':' ? 1 : 0;
        if (text.Length < 5 + colon)
            return false;
        int hours = Two(text[1..]), minutes = Two(text[(3 + colon)..]);
        if (hours is < 0 or > 23 || minutes is < 0 or > 59)
            return false;
        length = 5 + colon;
        offsetSeconds = ((hours * 3600) + (minutes * 60)) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    /// <summary>Days since 1970-01-01 of a valid date of the Gregorian calendar.</summary>
    private static long Days(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        return (365L * y) + (y / 4) - (y / 100) + (y / 400) + dayOfYear - 719_468;
    }
}
