using System.Globalization;
using System.Text;

namespace TelemetryExtension.Otlp;

/// <summary>Nanoseconds since the Unix epoch, as in OTLP. A signed number lasts until 2262.</summary>
internal static class UnixTime
{
    public const long NanosPerMillisecond = 1_000_000;
    public const long NanosPerSecond = 1_000_000_000;

    public static long Now(TimeProvider time) => Of(time.GetUtcNow());

    public static long Of(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    public static DateTime ToUtc(long nanos) => DateTime.UnixEpoch.AddTicks(nanos / TimeSpan.NanosecondsPerTick);

    /// <summary>
    /// Reads RFC 3339 and its misspellings (AWS's own samples contain <c>23:23:521Z</c>), as UTC when there is no zone. Null for text that is not a
    /// time, and for a time that OTLP cannot represent.
    /// </summary>
    public static long? Read(string? text)
    {
        Span<byte> utf8 = stackalloc byte[64];
        if (text is not null && Encoding.UTF8.TryGetBytes(text.AsSpan().Trim(), utf8, out var length)
            && UnixTimeText.TryRead(utf8[..length], out var nanos, out var read, out _) && read == length)
            return nanos >= 0 ? nanos : null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && IsRepresentable(time) ? Of(time) : null;
    }

    public static bool IsRepresentable(DateTimeOffset time) => time.Year is >= 1970 and < 2262;
}
