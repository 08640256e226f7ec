namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Gives a printed stack trace the form that its language has: newlines where carriage returns end the lines, and blanks where Lambda's Python runtime
/// indents with no-break spaces. Backends that parse or fold traces know no other form.
/// </summary>
internal static class StackTraceText
{
    /// <summary>Whether <see cref="Normalize"/> may change the text.</summary>
    public static bool NeedsNormalizing(ReadOnlySpan<byte> text) => text.Contains((byte)'\r') || text.IndexOf("\u00a0"u8) >= 0;

    /// <summary>Changes the text in place and returns its new length, which is never larger.</summary>
    public static int Normalize(Span<byte> text)
    {
        if (!NeedsNormalizing(text))
            return text.Length;
        var length = 0;
        var isIndent = true;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '\r')
            {
                b = (byte)'\n';
                if (i + 1 < text.Length && text[i + 1] == '\n')
                    i++;
            }
            else if (isIndent && b == 0xC2 && i + 1 < text.Length && text[i + 1] == 0xA0)
            {
                b = (byte)' ';
                i++;
            }

            text[length++] = b;
            isIndent = b == '\n' || (isIndent && b is (byte)' ' or (byte)'\t');
        }

        return length;
    }
}
