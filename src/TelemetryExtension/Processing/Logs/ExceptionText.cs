namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Finds the exception in a printed stack trace. In Python's traceback the last line names the exception. In traces of JVM, .NET and Node the line
/// before the first <c>at</c> names it.
/// </summary>
internal readonly ref struct ExceptionText
{
    private const int MaxHeaderLines = 20;

    private ExceptionText(ReadOnlySpan<byte> header, ReadOnlySpan<byte> stackTrace)
    {
        var line = FirstLine(header);
        var colon = line.IndexOf(": "u8);
        Type = colon < 0 ? line.TrimEnd((byte)':') : line[..colon];
        Message = colon < 0 ? [] : line[(colon + 2)..];
        StackTrace = stackTrace;
    }

    public ReadOnlySpan<byte> Type { get; }

    public ReadOnlySpan<byte> Message { get; }

    public ReadOnlySpan<byte> StackTrace { get; }

    /// <summary>Only for text of several lines.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out ExceptionText exception)
    {
        exception = default;
        var traceback = text.IndexOf("Traceback (most recent call last):"u8);
        if (traceback >= 0)
        {
            // For an uncaught exception the runtime prints the exception first: "[ERROR] ValueError: msg\nTraceback ...".
            if (traceback > 0 && TryHeader(LastLine(text[..(traceback - 1)]), out var before) && LastExceptionLine(text[traceback..]).IsEmpty)
                exception = new(before, text[traceback..]);
            else if (LastExceptionLine(text[traceback..]) is { IsEmpty: false } last)
                exception = new(last, text[traceback..]);
            return !exception.Type.IsEmpty;
        }

        var frame = FirstFrame(text);
        if (frame < 0)
            return false;
        // .NET prints inner exceptions between the header and the first frame. Every runtime prints the further lines of a message there.
        var (lineStart, end) = (text[..frame].LastIndexOf((byte)'\n') + 1, frame);
        ReadOnlySpan<byte> header;
        for (var lines = 0; StackTraceLines.TrimStart(text[lineStart..end]).StartsWith("--->"u8) || !TryHeader(text[lineStart..end], out header); lines++)
        {
            if (lineStart == 0 || lines == MaxHeaderLines)
                return false;
            end = lineStart - 1;
            lineStart = text[..end].LastIndexOf((byte)'\n') + 1;
        }

        exception = new(header, text[lineStart..]);
        return true;
    }

    /// <summary>The line <c>[ERROR] ValueError: message</c> of a runtime.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> line, out ExceptionText exception)
    {
        exception = default;
        if (line.IndexOf(": "u8) < 0 || !TryHeader(line, out var header))
            return false;
        exception = new(header, default);
        return true;
    }

    /// <summary>Position of the newline before the first frame; -1 without one.</summary>
    private static int FirstFrame(ReadOnlySpan<byte> text)
    {
        for (var from = 0; ;)
        {
            var newline = text[from..].IndexOf((byte)'\n');
            if (newline < 0)
                return -1;
            from += newline + 1;
            var line = text[from..];
            var trimmed = StackTraceLines.TrimStart(line);
            if (trimmed.Length < line.Length && trimmed.StartsWith("at "u8))
                return from - 1;
        }
    }

    /// <summary>The last line that is not indented and has the form <c>Type: message</c> or <c>Type</c>.</summary>
    private static ReadOnlySpan<byte> LastExceptionLine(ReadOnlySpan<byte> traceback)
    {
        var found = ReadOnlySpan<byte>.Empty;
        for (var newline = traceback.IndexOf((byte)'\n'); newline >= 0; newline = traceback.IndexOf((byte)'\n'))
        {
            traceback = traceback[(newline + 1)..];
            if (!FirstLine(traceback).StartsWith("Traceback "u8) && TryHeader(FirstLine(traceback), out var header))
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
        var end = header.IndexOfAny((byte)':', (byte)' ', (byte)'\r');
        var type = end < 0 ? header : header[..end];
        if (type.Length is < 3 or > 200 || (end >= 0 && header[end] == ' '))
            return false;
        foreach (var b in type)
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'.' or (byte)'_' or (byte)'$' or (byte)'`' or (byte)'+'))
                return false;
        return char.IsAsciiLetter((char)type[0])
            && (type.Contains((byte)'.') || type.EndsWith("Error"u8) || type.EndsWith("Exception"u8) || type.EndsWith("Interrupt"u8)
                || type.EndsWith("Exit"u8) || type.EndsWith("Warning"u8));
    }

    private static ReadOnlySpan<byte> FirstLine(ReadOnlySpan<byte> text)
    {
        var newline = text.IndexOf((byte)'\n');
        return newline < 0 ? text : text[..newline];
    }

    private static ReadOnlySpan<byte> LastLine(ReadOnlySpan<byte> text) => text[(text.LastIndexOf((byte)'\n') + 1)..];
}
