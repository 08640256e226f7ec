namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Finds the exception in a printed stack trace. In Python's traceback the last line names the exception. In traces of JVM, .NET and Node the line
/// before the first <c>at</c> names it. Lines end with a newline, with both characters, or with a carriage return: CloudWatch starts an event at each
/// newline, so some runtimes and layouts print carriage returns inside a trace.
/// </summary>
internal readonly ref struct ExceptionText
{
    private const int MaxHeaderLines = 20;

    private ExceptionText(ReadOnlySpan<byte> header, ReadOnlySpan<byte> stackTrace)
    {
        var line = header.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0 ? header[..end] : header;
        var colon = line.IndexOf(": "u8);
        Type = colon < 0 ? line.TrimEnd((byte)':') : line[..colon];
        Message = colon < 0 ? [] : header[(colon + 2)..];
        StackTrace = stackTrace;
    }

    public ReadOnlySpan<byte> Type { get; }

    public ReadOnlySpan<byte> Message { get; }

    /// <summary>As printed. <see cref="StackTraceText"/> writes it with newlines.</summary>
    public ReadOnlySpan<byte> StackTrace { get; }

    private static ReadOnlySpan<byte> Traceback => "Traceback (most recent call last):"u8;

    /// <summary>Only for text of several lines.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out ExceptionText exception)
    {
        var traceback = text.IndexOf(Traceback);
        return traceback >= 0
            ? TryReadTraceback(text, traceback, out exception)
            : TryReadFrames(text, (byte)'\n', out exception) || TryReadFrames(text, (byte)'\r', out exception);
    }

    /// <summary>
    /// What Python's runtime prints for an uncaught exception: <c>Type: message</c>, then the traceback, without the line that ends other tracebacks.
    /// The message may have several lines.
    /// </summary>
    public static bool TryReadUncaught(ReadOnlySpan<byte> text, out ExceptionText exception)
    {
        exception = default;
        var traceback = text.LastIndexOf(Traceback);
        if (traceback <= 0 || text[traceback - 1] is not ((byte)'\n' or (byte)'\r'))
            return false;
        var trace = text[traceback..];
        var last = trace[(trace.LastIndexOfAny((byte)'\n', (byte)'\r') + 1)..];
        var hasFrames = last.Length < trace.Length;
        var header = text[..(traceback - 1)].TrimEnd((byte)'\r');
        // The type needs no known ending here: the form is the runtime's own.
        if ((hasFrames && StackTraceLines.TrimStart(last).Length == last.Length) || !IsTypeName(header[..TypeLength(header)]))
            return false;
        exception = new(header, hasFrames ? trace : default);
        return true;
    }

    /// <summary>The line <c>[ERROR] ValueError: message</c> of a runtime.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> line, out ExceptionText exception)
    {
        exception = default;
        if (line.IndexOf(": "u8) < 0 || !TryHeader(FirstLine(line, (byte)'\n'), out var header))
            return false;
        exception = new(header, default);
        return true;
    }

    public static bool HasTraceback(ReadOnlySpan<byte> text) => text.IndexOf(Traceback) >= 0;

    private static bool TryReadTraceback(ReadOnlySpan<byte> text, int traceback, out ExceptionText exception)
    {
        exception = default;
        var trace = text[traceback..];
        var last = LastExceptionLine(trace, LineEnd(trace[Traceback.Length..]));
        // For an uncaught exception the runtime prints the exception first: "[ERROR] ValueError: msg\nTraceback ...".
        if (last.IsEmpty && traceback > 0 && text[traceback - 1] is (byte)'\n' or (byte)'\r'
            && TryHeader(LastLine(text[..(traceback - 1)], text[traceback - 1]), out var before))
            exception = new(before, trace);
        else if (!last.IsEmpty)
            exception = new(last, trace);
        return !exception.Type.IsEmpty;
    }

    private static bool TryReadFrames(ReadOnlySpan<byte> text, byte newline, out ExceptionText exception)
    {
        exception = default;
        var frame = FirstFrame(text, newline);
        if (frame < 0)
            return false;
        // .NET prints inner exceptions between the header and the first frame. Every runtime prints the further lines of a message there.
        var (lineStart, end) = (text[..frame].LastIndexOf(newline) + 1, frame);
        ReadOnlySpan<byte> header;
        for (var lines = 0; ; lines++)
        {
            var line = text[lineStart..end].TrimEnd((byte)'\r');
            if (!StackTraceLines.TrimStart(line).StartsWith("--->"u8) && TryHeader(line, out header))
                break;
            if (lineStart == 0 || lines == MaxHeaderLines)
                return false;
            end = lineStart - 1;
            lineStart = text[..end].LastIndexOf(newline) + 1;
        }

        exception = new(header, text[lineStart..]);
        return true;
    }

    /// <summary>Position of the newline before the first frame; -1 without one.</summary>
    private static int FirstFrame(ReadOnlySpan<byte> text, byte newline)
    {
        for (var from = 0; ;)
        {
            var end = text[from..].IndexOf(newline);
            if (end < 0)
                return -1;
            from += end + 1;
            var line = text[from..];
            var trimmed = StackTraceLines.TrimStart(line);
            if (trimmed.Length < line.Length && trimmed.StartsWith("at "u8))
                return from - 1;
        }
    }

    /// <summary>The last line that is not indented and has the form <c>Type: message</c> or <c>Type</c>.</summary>
    private static ReadOnlySpan<byte> LastExceptionLine(ReadOnlySpan<byte> traceback, byte newline)
    {
        var found = ReadOnlySpan<byte>.Empty;
        for (var end = traceback.IndexOf(newline); end >= 0; end = traceback.IndexOf(newline))
        {
            traceback = traceback[(end + 1)..];
            var line = FirstLine(traceback, newline);
            if (!line.StartsWith("Traceback "u8) && TryHeader(line, out var header))
                found = header;
        }

        return found;
    }

    /// <summary>Accepts <c>Some.Type: message</c>, alone or after "Unhandled exception." or "Exception in thread" of the runtime.</summary>
    private static bool TryHeader(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> header)
    {
        header = line;
        if (line.StartsWith("Unhandled exception. "u8))
            header = line["Unhandled exception. ".Length..];
        else if (line.StartsWith("Exception in thread \""u8) && line[21..].IndexOf("\" "u8) is var quote and >= 0)
            header = line[(21 + quote + 2)..];
        else if (line.StartsWith("Uncaught "u8))
            header = line["Uncaught ".Length..];
        var type = header[..TypeLength(header)];
        return IsTypeName(type)
            && (type.Contains((byte)'.') || type.EndsWith("Error"u8) || type.EndsWith("Exception"u8) || type.EndsWith("Interrupt"u8)
                || type.EndsWith("Exit"u8) || type.EndsWith("Warning"u8));
    }

    /// <summary>The length of the word that ends with a colon or the line. 0 when a blank follows it.</summary>
    private static int TypeLength(ReadOnlySpan<byte> header)
    {
        var end = header.IndexOfAny(":\n\r "u8);
        return end < 0 ? header.Length : header[end] == ' ' ? 0 : end;
    }

    private static bool IsTypeName(ReadOnlySpan<byte> type)
    {
        if (type.Length is < 3 or > 200 || !char.IsAsciiLetter((char)type[0]))
            return false;
        foreach (var b in type)
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'.' or (byte)'_' or (byte)'$' or (byte)'`' or (byte)'+'))
                return false;
        return true;
    }

    /// <summary>The byte that ends the line before <paramref name="rest"/>, and so the others.</summary>
    private static byte LineEnd(ReadOnlySpan<byte> rest) => rest is [(byte)'\r'] or [(byte)'\r', not (byte)'\n', ..] ? (byte)'\r' : (byte)'\n';

    private static ReadOnlySpan<byte> FirstLine(ReadOnlySpan<byte> text, byte newline)
    {
        var end = text.IndexOf(newline);
        return (end < 0 ? text : text[..end]).TrimEnd((byte)'\r');
    }

    private static ReadOnlySpan<byte> LastLine(ReadOnlySpan<byte> text, byte newline) => text[(text.LastIndexOf(newline) + 1)..].TrimEnd((byte)'\r');
}
