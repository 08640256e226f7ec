using System.Globalization;

namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>One line on a terminal, redrawn at most ten times per second. Without a terminal it writes nothing.</summary>
internal sealed class ProgressBar(TextWriter terminal, bool enabled, TimeProvider time)
{
    private const int Width = 30;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private long _last;
    private bool _drawn;

    /// <summary>From 0 to 1. Null when the total is unknown.</summary>
    public double? Done { get; set; }

    public void Draw(ReplayReport report)
    {
        if (!enabled || (_drawn && time.GetElapsedTime(_last) < Every))
            return;
        _last = time.GetTimestamp();
        _drawn = true;
        var filled = (int)(Math.Clamp(Done ?? 0, 0, 1) * Width);
        var bar = Done is null ? "" : string.Create(CultureInfo.InvariantCulture, $"[{new string('#', filled)}{new string('.', Width - filled)}] {Done * 100,3:F0}% ");
        terminal.Write(string.Create(CultureInfo.InvariantCulture, $"\r{bar}{report.Sent} sent, {report.Failed} failed, {report.Skipped} skipped"));
    }

    /// <summary>Clears the line for other output.</summary>
    public void Clear()
    {
        if (_drawn)
            terminal.Write("\r\u001b[K");
    }
}
