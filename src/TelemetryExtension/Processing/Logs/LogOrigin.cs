using TelemetryExtension.Buffering;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>What is known about a record before its content is read.</summary>
/// <param name="Envelope">The platform's time; 0 when it gave no readable one.</param>
/// <param name="Open">The invocation that was open when it arrived.</param>
internal readonly record struct LogOrigin(TelemetryItemKind Kind, long Envelope, long Observed, InvocationContext? Open)
{
    public static LogOrigin Of(in TelemetryItem item, IInvocationLookup invocations) =>
        new(item.Kind, item.TimeUnixNano, item.ReceivedUnixNano, invocations.OpenAt(item.TimeUnixNano != 0 ? item.TimeUnixNano : item.ReceivedUnixNano));

    /// <summary>The line's own time if it is plausible, or else the envelope's, or else the time of arrival.</summary>
    public long Time(long printed, bool hasZone) =>
        printed != 0 && LogTime.IsPlausible(printed, hasZone, Reference) ? printed : Reference;

    public long Reference => Envelope != 0 ? Envelope : Observed;

    /// <summary>Fields that every record has.</summary>
    public void Write(OtlpWriter writer, long time)
    {
        writer.Fixed64(OtlpFields.LogRecord.Time, (ulong)time);
        writer.Fixed64(OtlpFields.LogRecord.ObservedTime, (ulong)Observed);
    }
}
