using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Reads the prefixes that Lambda's runtimes and common loggers put before a message. It removes a prefix from the body only when it understood all
/// of it. Time, request id and level are then fields of the record, so nothing is lost.
/// </summary>
internal static class LogLineReader
{
    public static LogLine Read(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return default;
        return text[0] switch
        {
            >= (byte)'0' and <= (byte)'9' => Stamped(text),
            (byte)'[' when text.Length > 1 && char.IsAsciiDigit((char)text[1]) => BracketedTime(text),
            (byte)'[' => Bracketed(text),
            (byte)'R' when text.StartsWith("RequestId: "u8) => Platform(text),
            >= (byte)'A' and <= (byte)'W' when text.Length > 3 && text[1] == ',' && text[2] == ' ' && text[3] == '[' => Ruby(text),
            (byte)'t' or (byte)'l' when LooseFields.TryLogfmt(text, out var line) => line,
            _ => LooseFields.Labelled(text),
        };
    }

    /// <summary>In Lambda's form, 8-4-4-4-12.</summary>
    public static bool IsRequestId(ReadOnlySpan<byte> text) =>
        text.Length == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' && !text.ContainsAny(" \t\""u8);

    /// <summary>Lines that start with a time: Node and .NET (tabs), the platform's timeout line, Log4j, tracing and many others (blanks).</summary>
    private static LogLine Stamped(ReadOnlySpan<byte> text)
    {
        if (!UnixTimeText.TryRead(text, out var time, out var at, out var hasZone) || at >= text.Length)
            return LooseFields.ClockTime(text);
        var untouched = new LogLine(0, time, hasZone, 0, default, default, LogLineShape.Prefixed);
        if (text[at] == '\t')
            return Tabbed(text, at + 1, out var id, out var level, out var message)
                ? new(message, time, hasZone, Severity.Of(level.Of(text)), level, id, LogLineShape.Tabbed)
                : untouched;
        if (text[at] == '|')
            return LooseFields.Separated(text, untouched, at, (byte)'|');
        if (text[at] != ' ')
            return untouched;
        var word = Word(text, at);
        if (word.Of(text) is [(byte)'|' or (byte)'-'])
            return LooseFields.Separated(text, untouched, word.Start, text[word.Start]);
        var requestId = default(TextPart);
        if (IsRequestId(word.Of(text)))
        {
            requestId = word;
            if (After(text, word).StartsWith("Task timed out after"u8))
                return new(Next(text, word), time, hasZone, Severity.Error, default, requestId, LogLineShape.Prefixed);
            word = Word(text, word.Start + word.Length);
        }

        var printed = Unwrapped(text, word);
        var severity = Severity.Of(printed.Of(text));
        if (severity == 0)
            return untouched with { RequestId = requestId };
        return new(AfterLevel(text, printed), time, hasZone, severity, printed, requestId, LogLineShape.Prefixed);
    }

    /// <summary>The start of the message behind a level, its bracket or colon, and blanks.</summary>
    private static int AfterLevel(ReadOnlySpan<byte> text, TextPart level)
    {
        var at = level.Start + level.Length;
        if (level.Start > 0 && text[level.Start - 1] == '[')
            at += text[at..].IndexOf((byte)']') + 1;
        else if (at < text.Length && text[at] == ':')
            at++;
        return Next(text, new(at, 0));
    }

    /// <summary><c>id TAB level TAB message</c>. The id may be empty or "undefined".</summary>
    private static bool Tabbed(ReadOnlySpan<byte> text, int at, out TextPart id, out TextPart level, out int message)
    {
        id = level = default;
        message = 0;
        var first = text[at..].IndexOf((byte)'\t');
        if (first is < 0 or > 64)
            return false;
        var second = text[(at + first + 1)..].IndexOf((byte)'\t');
        if (second is < 1 or > 12)
            return false;
        if (IsRequestId(text.Slice(at, first)))
            id = new(at, first);
        else if (first != 0 && !text.Slice(at, first).SequenceEqual("undefined"u8))
            return false;
        level = new(at + first + 1, second);
        message = at + first + second + 2;
        return true;
    }

    /// <summary>Monolog and log4js: <c>[2025-08-11T12:00:00.101+00:00] orders.WARNING: message</c>, <c>[2025-08-11T12:00:00.101] [WARN] default - message</c></summary>
    private static LogLine BracketedTime(ReadOnlySpan<byte> text)
    {
        if (!UnixTimeText.TryRead(text[1..], out var time, out var length, out var hasZone) || length + 2 >= text.Length || text[length + 1] != ']')
            return default;
        var untouched = new LogLine(0, time, hasZone, 0, default, default, LogLineShape.Prefixed);
        var word = Unwrapped(text, Word(text, length + 2));
        var dot = word.Of(text).LastIndexOf((byte)'.');
        var level = new TextPart(word.Start + dot + 1, word.Length - dot - 1);
        return LooseFields.Leveled(text, untouched, level);
    }

    /// <summary>Python: <c>[INFO]\t2025-08-11T12:00:00.101Z\tid\tmessage</c>, and <c>[ERROR] ValueError: ...</c> for an uncaught exception.</summary>
    private static LogLine Bracketed(ReadOnlySpan<byte> text)
    {
        var close = text[..Math.Min(text.Length, 16)].IndexOf((byte)']');
        if (close < 1 || close + 1 >= text.Length)
            return default;
        var level = new TextPart(1, close - 1);
        var severity = Severity.Of(level.Of(text));
        if (severity == 0)
            return default;
        var at = close + 2;
        if (text[close + 1] == ' ')
            return new(at, 0, false, severity, level, default, LogLineShape.Uncaught);
        if (text[close + 1] != '\t')
            return default;
        if (!UnixTimeText.TryRead(text[at..], out var time, out var length, out var hasZone) || at + length >= text.Length || text[at + length] != '\t')
            return new(at, 0, false, severity, level, default, LogLineShape.Prefixed);
        at += length + 1;
        var tab = text[at..].IndexOf((byte)'\t');
        if (tab is not (0 or 36) || (tab == 36 && !IsRequestId(text.Slice(at, tab))))
            return new(at, time, hasZone, severity, level, default, LogLineShape.Prefixed);
        return new(at + tab + 1, time, hasZone, severity, level, new(at, tab), LogLineShape.Prefixed);
    }

    /// <summary>The platform's crash line: <c>RequestId: id Error: Runtime exited with error: exit status 1\nRuntime.ExitError</c>.</summary>
    private static LogLine Platform(ReadOnlySpan<byte> text)
    {
        var id = Word(text, "RequestId:".Length);
        if (!IsRequestId(id.Of(text)))
            return default;
        var rest = After(text, id);
        return rest.StartsWith("Error: "u8) || rest.StartsWith("Process exited before completing"u8)
            ? new(Next(text, id), 0, false, Severity.Error, default, id, LogLineShape.Crash)
            : new(0, 0, false, 0, default, id, LogLineShape.Prefixed);
    }

    /// <summary><c>I, [2025-08-11T12:00:00.101010 #8]  INFO id -- : message</c></summary>
    private static LogLine Ruby(ReadOnlySpan<byte> text)
    {
        var close = text[..Math.Min(text.Length, 64)].IndexOf((byte)']');
        if (close < 0 || !UnixTimeText.TryRead(text[4..], out var time, out _, out var hasZone))
            return default;
        var level = Word(text, close + 1);
        var severity = Severity.Of(level.Of(text));
        var dashes = text.IndexOf(" -- "u8);
        if (severity == 0 || dashes < level.Start + level.Length)
            return default;
        var colon = text[dashes..].IndexOf((byte)':');
        if (colon < 0)
            return default;
        var id = Word(text, level.Start + level.Length);
        var message = dashes + colon + 1;
        if (message < text.Length && text[message] == ' ')
            message++;
        return new(message, time, hasZone, severity, level, IsRequestId(id.Of(text)) ? id : default, LogLineShape.Prefixed);
    }

    /// <summary>The next word after blanks. Empty at the end.</summary>
    private static TextPart Word(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] == ' ')
            at++;
        var length = text[at..].IndexOfAny((byte)' ', (byte)'\t', (byte)'\n');
        return new(at, length < 0 ? text.Length - at : length);
    }

    /// <summary><c>[INFO]</c> and <c>INFO:</c> mean INFO.</summary>
    private static TextPart Unwrapped(ReadOnlySpan<byte> text, TextPart word)
    {
        if (word.Length > 2 && text[word.Start] == '[' && text[word.Start + word.Length - 1] == ']')
            return new(word.Start + 1, word.Length - 2);
        // structlog pads inside the brackets.
        if (word.Length > 2 && text[word.Start] == '[' && text[word.Start..Math.Min(text.Length, word.Start + 16)].IndexOf((byte)']') is > 0 and var close)
            return new(word.Start + 1, text.Slice(word.Start + 1, close - 1).TrimEnd((byte)' ').Length);
        return word.Length > 1 && text[word.Start + word.Length - 1] == ':' ? word with { Length = word.Length - 1 } : word;
    }

    private static int Next(ReadOnlySpan<byte> text, TextPart word)
    {
        var at = word.Start + word.Length;
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t')
            at++;
        return at;
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> text, TextPart word) => text[Next(text, word)..];
}
