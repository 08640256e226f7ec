namespace TelemetryExtension.Processing.Logs;

/// <summary>A part of a text by position, so that it stays valid when the text moves.</summary>
internal readonly record struct TextPart(int Start, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text) => text.Slice(Start, Length);
}

/// <summary>The fields in the prefix of a text line, and the start of the message.</summary>
/// <param name="Message">The start of the body. 0 when the line has no prefix to remove.</param>
/// <param name="TimeUnixNano">0 when the line contains no time.</param>
/// <param name="Severity">0 when unknown.</param>
/// <param name="Level">The level as printed; may be empty.</param>
/// <param name="RequestId">Empty when the line contains none.</param>
/// <param name="Shape">The kind of line, where that matters.</param>
internal readonly record struct LogLine(
    int Message, long TimeUnixNano, bool HasZone, byte Severity, TextPart Level, TextPart RequestId, LogLineShape Shape);

internal enum LogLineShape : byte
{
    Plain,

    /// <summary>It has its own prefix, so it does not continue another line.</summary>
    Prefixed,

    /// <summary>Lines of Node and .NET: time, request id and level, each followed by a tab.</summary>
    Tabbed,

    /// <summary>An uncaught exception as the Python runtime prints it: <c>[ERROR] Type: message</c>.</summary>
    Uncaught,

    /// <summary>Lambda's own report that the runtime died. It ends with the error's type.</summary>
    Crash,
}
