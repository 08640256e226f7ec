namespace TelemetryExtension.Otlp;

/// <summary>Parses times as people and programs print them into nanoseconds since the Unix epoch.</summary>
internal static class UnixTimeText
{
    private const long Second = UnixTime.NanosPerSecond;

    /// <summary>
    /// Reads <c>2025-08-11T12:00:00.101Z</c> and similar forms at the start of the text: slashes in the date (Go), a blank for T, a comma or colon
    /// before the fraction (Python; samples in AWS's documentation), any number of digits, any zone or none.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long unixNano, out int length, out bool hasZone)
    {
        unixNano = 0;
        length = 0;
        hasZone = false;
        if (text.Length < 19 || text[4] is not ((byte)'-' or (byte)'/') || text[7] != text[4] || text[10] is not ((byte)'T' or (byte)' ' or (byte)'t') || text[13] != ':' || text[16] != ':')
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

    /// <summary>
    /// <c>Z</c>, <c>+01:00</c>, <c>+0100</c>, <c>+01</c>, <c>UTC</c>, <c>GMT</c>. All but the first may follow a blank (Ruby, Python).
    /// </summary>
    private static bool TryReadZone(ReadOnlySpan<byte> text, out long offsetSeconds, out int length)
    {
        offsetSeconds = 0;
        length = 0;
        if (text.Length > 0 && text[0] is (byte)'Z' or (byte)'z')
        {
            length = 1;
            return true;
        }

        var blank = text.Length > 0 && text[0] == ' ' ? 1 : 0;
        text = text[blank..];
        if (text.StartsWith("UTC"u8) || text.StartsWith("GMT"u8))
        {
            length = blank + 3;
            return true;
        }

        if (text.Length < 3 || text[0] is not ((byte)'+' or (byte)'-') || Two(text[1..]) is not (>= 0 and <= 23 and var hours))
            return false;
        var colon = text.Length > 3 && text[3] == ':' ? 1 : 0;
        var minutes = text.Length >= 5 + colon ? Two(text[(3 + colon)..]) : -1;
        if (minutes is < 0 or > 59 && (colon > 0 || (text.Length > 3 && IsDigit(text[3]))))
            return false;
        length = blank + (minutes is < 0 or > 59 ? 3 : 5 + colon);
        offsetSeconds = ((hours * 3600) + (minutes is < 0 or > 59 ? 0 : minutes * 60)) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    /// <summary>The days from 1970-01-01 to a valid date of the Gregorian calendar.</summary>
    private static long Days(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        return (365L * y) + (y / 4) - (y / 100) + (y / 400) + dayOfYear - 719_468;
    }
}
