using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal sealed record OutboxSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES")] string? MaxBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_MAX_REQUEST_BYTES")] string? MaxRequestBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_MAX_AGE_SECONDS")] string? MaxAge = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_MAX_ATTEMPTS")] string? MaxAttempts = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES")] string? SpoolMaxBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_SPOOL_DIRECTORY")] string? SpoolDirectory = null,
    [property: ConfigurationKeyName("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")] string? FunctionMemory = null)
{
    public static OutboxSettings Bind(IConfiguration configuration) => configuration.Get<OutboxSettings>() ?? new();
}

/// <summary>How much waits, how long, and where.</summary>
/// <param name="MaxBytes">Encoded payloads kept in memory; above it they go to files.</param>
/// <param name="MaxRequestBytes">Payloads are merged up to this size (uncompressed).</param>
/// <param name="MaxAge">A payload older than this is given up after one more failed attempt; never without an attempt.</param>
/// <param name="SpoolMaxBytes">0 turns files off.</param>
/// <param name="KeepsForDeadLetters">Payloads past their limits wait for the dead letters, inside the other bounds; when nobody writes any, they are dropped at once.</param>
internal sealed record OutboxOptions(
    int MaxBytes = 8 * 1024 * 1024,
    int MaxRequestBytes = 512 * 1024,
    TimeSpan MaxAge = default,
    int MaxAttempts = 1000,
    int SpoolMaxBytes = 32 * 1024 * 1024,
    string SpoolDirectory = "/tmp/telemetry-extension-spool",
    bool KeepsForDeadLetters = false)
{
    private const int MiB = 1024 * 1024;

    /// <param name="heapLimitBytes">
    /// The most the process's heap may hold (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes). The channel and requests being made need
    /// their parts of it: the default stays under a quarter, a setting under a half.
    /// </param>
    public static OutboxOptions From(OutboxSettings raw, long heapLimitBytes, SettingProblems problems)
    {
        // A sixteenth of the function's memory: 8 MiB at 128 MB.
        var memory = int.TryParse(raw.FunctionMemory, out var megabytes) ? megabytes : 128;
        var fallback = (int)Math.Min((long)Math.Clamp(memory / 16, 8, 32) * MiB, heapLimitBytes / 4);
        var most = (int)Math.Min(1024 * MiB, heapLimitBytes / 2);
        return new(
            Setting.Int("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", raw.MaxBytes, fallback, Math.Min(64 * 1024, most), most, problems),
            Setting.Int("TELEMETRY_EXTENSION_MAX_REQUEST_BYTES", raw.MaxRequestBytes, MiB / 2, 1024, 64 * MiB, problems),
            TimeSpan.FromSeconds(Setting.Int("TELEMETRY_EXTENSION_MAX_AGE_SECONDS", raw.MaxAge, 6 * 3600, 1, 30 * 86400, problems)),
            Setting.Int("TELEMETRY_EXTENSION_MAX_ATTEMPTS", raw.MaxAttempts, 1000, 1, int.MaxValue, problems),
            Setting.Int("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", raw.SpoolMaxBytes, 32 * MiB, 0, int.MaxValue, problems),
            Setting.Text(raw.SpoolDirectory) ?? "/tmp/telemetry-extension-spool");
    }
}
