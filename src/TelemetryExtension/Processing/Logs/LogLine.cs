namespace TelemetryExtension.Processing.Logs;

/// <summary>A part of a text, by place: survives the text being moved.</summary>
internal readonly record struct TextPart(int Start, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text) => text.Slice(Start, Length);
}

/// <summary>What the prefix of a text line says, and where the message begins.</summary>
/// <param name="Message">Start of what remains for the body; 0 when the line has no prefix that we take off.</param>
/// <param name="TimeUnixNano">0 when the line prints none.</param>
/// <param name="Severity">0 when unknown.</param>
/// <param name="Level">The level as printed; may be empty.</param>
/// <param name="RequestId">Empty when the line prints none.</param>
/// <param name="Shape">Whose line it is, where that matters.</param>
internal readonly record struct LogLine(
    int Message, long TimeUnixNano, bool HasZone, byte Severity, TextPart Level, TextPart RequestId, LogLineShape Shape);

internal enum LogLineShape : byte
{
    Plain,

    /// <summary>Has a prefix of its own, so it is no continuation of another line.</summary>
    Prefixed,

    /// <summary>Node's and .NET's: time, request id and level, each followed by a tab.</summary>
    Tabbed,

    /// <summary>What nobody caught, as the Python runtime prints it: <c>[ERROR] Type: message</c>.</summary>
    Uncaught,

    /// <summary>Lambda's own word that the runtime died: ends with the error's type.</summary>
    Crash,
}
