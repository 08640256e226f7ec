namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Joins a stack trace that a function printed to plain stdout, where each line is a record. It is conservative, because two wrongly joined lines are
/// worse than two records. It joins a line to the previous one only if the line is a frame (<c>at </c>, <c>File "</c>, <c>... 12 more</c>), a cause
/// (<c>Caused by:</c>, <c>Suppressed:</c>), or part of a Python traceback whose exception line is still missing.
/// </summary>
internal struct StackTraceLines
{
    private const int MaxBytes = 256 * 1024;
    private const long MaxGapNano = 1_000_000_000;
    private bool _inTraceback;

    /// <summary>Restarts with the first line of a record.</summary>
    public void Begin(ReadOnlySpan<byte> text) => _inTraceback = EndsInTraceback(text);

    /// <summary>Whether <paramref name="line"/> belongs to the record so far. If so, the state advances.</summary>
    /// <param name="gapNano">The time between the envelopes of the two lines.</param>
    public bool Joins(ReadOnlySpan<byte> line, int lengthSoFar, long gapNano)
    {
        if (line.IsEmpty || lengthSoFar + line.Length > MaxBytes || gapNano is < -MaxGapNano or > MaxGapNano)
            return false;
        if (_inTraceback)
        {
            // The first line without indentation names the exception and ends the traceback.
            _inTraceback = IsBlank(line) || EndsInTraceback(line);
            return true;
        }

        if (line[0] is not ((byte)'\t' or (byte)' ' or 0xC2 or (byte)'C' or (byte)'S'))
            return false;
        if (line.StartsWith("Caused by: "u8) || line.StartsWith("Suppressed: "u8))
            return true;
        var trimmed = TrimStart(line);
        return trimmed.Length < line.Length
            && (trimmed.StartsWith("at "u8) || trimmed.StartsWith("File \""u8) || trimmed.StartsWith("Caused by: "u8)
                || trimmed.StartsWith("Suppressed: "u8) || (trimmed.StartsWith("... "u8) && trimmed.EndsWith(" more"u8))
                || trimmed.StartsWith("--- End of "u8) || trimmed.StartsWith("---> "u8));
    }

    /// <summary>Removes blanks, tabs, and the no-break spaces of Lambda's Python runtime.</summary>
    public static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> line)
    {
        while (!line.IsEmpty)
        {
            if (line[0] is (byte)' ' or (byte)'\t')
                line = line[1..];
            else if (line.Length > 1 && line[0] == 0xC2 && line[1] == 0xA0)
                line = line[2..];
            else
                break;
        }

        return line;
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line[0] is (byte)' ' or (byte)'\t' or 0xC2;

    private static bool EndsInTraceback(ReadOnlySpan<byte> text) => text.EndsWith("Traceback (most recent call last):"u8);
}
