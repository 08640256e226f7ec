namespace TelemetryExtension.Configuration;

/// <summary>The limits of the outbox: size, age and place.</summary>
/// <param name="MaxBytes">The limit for payloads in memory. Above it they go to files.</param>
/// <param name="MaxRequestBytes">The size up to which payloads are merged (uncompressed).</param>
/// <param name="MaxAge">A payload older than this is given up after its next failed attempt, never without one.</param>
/// <param name="SpoolMaxBytes">0 turns files off.</param>
/// <param name="KeepsForDeadLetters">
/// Payloads over their limits wait for dead letters, within the other limits. Without dead letters they are dropped at once.
/// </param>
/// <param name="MaxOvershootBytes">
/// How far memory may exceed <paramref name="MaxBytes"/> while files are written, because a half full channel is emptied into it at once.
/// </param>
internal sealed record OutboxOptions(
    int MaxBytes = 8 * 1024 * 1024,
    int MaxRequestBytes = 512 * 1024,
    TimeSpan MaxAge = default,
    int MaxAttempts = 1000,
    int SpoolMaxBytes = 32 * 1024 * 1024,
    string SpoolDirectory = OutboxOptions.DefaultSpoolDirectory,
    bool KeepsForDeadLetters = false,
    int MaxOvershootBytes = 8 * 1024 * 1024)
{
    public const string DefaultSpoolDirectory = "/tmp/telemetry-extension-spool";
    private const int MiB = 1024 * 1024;

    /// <param name="memorySizeMb">AWS_LAMBDA_FUNCTION_MEMORY_SIZE. 0 when unknown.</param>
    /// <param name="heapLimitBytes">
    /// The heap limit of the process (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes). The channel and requests under construction share it, so the
    /// default stays under a quarter, a setting under a half.
    /// </param>
    public static OutboxOptions From(Variables variables, int memorySizeMb, long heapLimitBytes)
    {
        // A sixteenth of the function's memory: 8 MiB at 128 MB.
        var fallback = (int)Math.Min((long)Math.Clamp(memorySizeMb / 16, 8, 32) * MiB, heapLimitBytes / 4);
        var most = (int)Math.Min(1024 * MiB, heapLimitBytes / 2);
        return new(
            variables.Bytes("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", fallback, Math.Min(64 * 1024, most), most),
            variables.Bytes("TELEMETRY_EXTENSION_MAX_REQUEST_BYTES", MiB / 2, 1024, 64 * MiB),
            variables.Seconds("TELEMETRY_EXTENSION_MAX_AGE_SECONDS", 6 * 3600, 1, 30 * 86400),
            variables.Int("TELEMETRY_EXTENSION_MAX_ATTEMPTS", 1000, 1, int.MaxValue),
            variables.Bytes("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", 32 * MiB, 0, int.MaxValue),
            variables.Text("TELEMETRY_EXTENSION_SPOOL_DIRECTORY") ?? DefaultSpoolDirectory,
            MaxOvershootBytes: (int)Math.Min(8 * MiB, heapLimitBytes / 8));
    }
}
