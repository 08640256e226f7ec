using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

/// <summary>Platform events with only the fields that a test needs.</summary>
internal static class Events
{
    public static PlatformEvent Start(string requestId, long time, string? header, string? segment = null) =>
        new PlatformEvent.Start(time, requestId, null, new(segment, header), null);

    public static PlatformEvent RuntimeDone(
        string requestId, long time, double? durationMs, string? status = "success", string? errorType = null, IReadOnlyList<PlatformSpan>? spans = null) =>
        new PlatformEvent.RuntimeDone(time, requestId, status, errorType, durationMs, 12, spans ?? [], default, null);

    public static PlatformEvent Report(
        string requestId, long time, double? durationMs, string? status = "success", IReadOnlyList<PlatformSpan>? spans = null) =>
        new PlatformEvent.Report(time, requestId, status, null, new(durationMs, durationMs, 128, 64), spans ?? [], default, null);

    public static PlatformEvent InitStart(long time, string type, string phase) =>
        new PlatformEvent.InitStart(time, type, phase, "instance", 128 << 20);
}
