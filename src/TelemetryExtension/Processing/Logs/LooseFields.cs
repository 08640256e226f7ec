using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Level and time of lines whose other parts mean nothing here, such as the name of a logger or a thread. The body stays the whole line, so that
/// nothing is lost.
/// </summary>
internal static class LooseFields
{
    /// <summary>Levels and times stand at the start of a line.</summary>
    private const int MaxHead = 128;

    public static LogLine Leveled(ReadOnlySpan<byte> text, in LogLine line, TextPart level) =>
        Severity.Of(level.Of(text)) is > 0 and var severity ? line with { Severity = severity, Level = level } : line;

    /// <summary>Time and level with separators between: <c>| WARNING  | </c>, <c> - orders - WARNING - </c>, <c>|WARN|orders|</c></summary>
    public static LogLine Separated(ReadOnlySpan<byte> text, in LogLine line, int at, byte separator)
    {
        for (var parts = 0; parts < 3 && at < text.Length && text[at] == separator; parts++)
        {
            var from = at + 1;
            while (from < text.Length && text[from] == ' ')
                from++;
            var length = text[from..].IndexOf(separator);
            if (length < 0)
                break;
            var part = new TextPart(from, text.Slice(from, length).TrimEnd((byte)' ').Length);
            if (Leveled(text, line, part) is { Severity: > 0 } leveled)
                return leveled;
            at = from + length;
        }

        return line;
    }

    /// <summary>Logback without a date: <c>14:22:20.698 [main] WARN  orders - message</c></summary>
    public static LogLine ClockTime(ReadOnlySpan<byte> text)
    {
        if (text.Length < 16 || text[2] != ':' || text[5] != ':')
            return default;
        var close = text[..Math.Min(text.Length, MaxHead)].IndexOf("] "u8);
        return close < 0 ? default : Leveled(text, new(0, 0, false, 0, default, default, LogLineShape.Prefixed), Word(text, close + 2));
    }

    /// <summary>logrus, slog and others: <c>time=2025-08-11T12:00:00Z level=warning msg="order placed"</c></summary>
    public static bool TryLogfmt(ReadOnlySpan<byte> text, out LogLine line)
    {
        line = default;
        var head = text[..Math.Min(text.Length, MaxHead)];
        if (!(head.StartsWith("time="u8) || head.StartsWith("ts="u8) || head.StartsWith("timestamp="u8) || head.StartsWith("level="u8) || head.StartsWith("lvl="u8)))
            return false;
        line = new(0, 0, false, 0, default, default, LogLineShape.Prefixed);
        for (var at = 0; at < head.Length;)
        {
            var equals = head[at..].IndexOf((byte)'=');
            if (equals < 0)
                break;
            var value = Value(text, at + equals + 1);
            var key = LogKeys.Of(head.Slice(at, equals));
            if (key == LogKey.Level && line.Severity == 0)
                line = Leveled(text, line, value);
            else if (key == LogKey.Time && UnixTimeText.TryRead(value.Of(text), out var time, out _, out var hasZone))
                line = line with { TimeUnixNano = time, HasZone = hasZone };
            else if (key == LogKey.Message)
                break;
            at = value.Start + value.Length;
            while (at < head.Length && head[at] is (byte)' ' or (byte)'"')
                at++;
        }

        return true;
    }

    /// <summary>Python's basic format, winston's simple one and .NET's console: <c>WARNING:orders:message</c>, <c>info: message</c></summary>
    public static LogLine Labelled(ReadOnlySpan<byte> text)
    {
        var colon = text[..Math.Min(text.Length, 12)].IndexOf((byte)':');
        if (colon < 3 || colon + 1 >= text.Length || text[colon + 1] == '/')
            return default;
        var label = text[..colon];
        // "Error:" is the head of an exception. And few words that are levels mean nothing else before a colon.
        var isOneCase = !label.ContainsAnyExceptInRange((byte)'A', (byte)'Z') || !label.ContainsAnyExceptInRange((byte)'a', (byte)'z');
        return !isOneCase || Severity.Of(label) is 0 or (>= Severity.Debug + 2 and < Severity.Info) or Severity.Info + 1 || label.Length == 3
            ? default
            : Leveled(text, new(0, 0, false, 0, default, default, LogLineShape.Prefixed), new(0, colon));
    }

    private static TextPart Value(ReadOnlySpan<byte> text, int at)
    {
        if (at < text.Length && text[at] == '"')
        {
            var quote = text[(at + 1)..].IndexOf((byte)'"');
            return new(at + 1, quote < 0 ? text.Length - at - 1 : quote);
        }

        var blank = text[at..].IndexOf((byte)' ');
        return new(at, blank < 0 ? text.Length - at : blank);
    }

    private static TextPart Word(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] == ' ')
            at++;
        var length = text[at..].IndexOf((byte)' ');
        return new(at, length < 0 ? text.Length - at : length);
    }
}
