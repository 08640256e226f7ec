using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal sealed record BufferSettings(
    [property: ConfigurationKeyName(BufferOptions.ItemsName)] string? Items = null,
    [property: ConfigurationKeyName(BufferOptions.BytesName)] string? Bytes = null);

/// <summary>How much may wait in the channel. <see cref="Bytes"/> counts whole request bodies, as the pool hands them out.</summary>
internal sealed record BufferOptions(int Items, int Bytes)
{
    public const string ItemsName = "TELEMETRY_EXTENSION_BUFFER_ITEMS";
    public const string BytesName = "TELEMETRY_EXTENSION_BUFFER_BYTES";
    private const int MiB = 1024 * 1024;

    /// <summary>
    /// Held back longer, more than this brings no larger requests, only a larger process: half of the bytes, half a mebibyte at most.
    /// </summary>
    public int ThresholdBytes => Math.Min((Bytes + 1) / 2, MiB / 2);

    /// <param name="memorySizeMb">AWS_LAMBDA_FUNCTION_MEMORY_SIZE: we share it with the function, so we take a sixteenth; 0 when unknown.</param>
    /// <param name="heapLimitBytes">
    /// The most the process's heap may hold (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes): beyond it there is no
    /// shedding but OutOfMemoryException, which costs the function. The default stays under a quarter, a setting under a half.
    /// </param>
    public static BufferOptions From(BufferSettings raw, int memorySizeMb, long heapLimitBytes, SettingProblems problems)
    {
        var share = Math.Clamp((long)memorySizeMb * MiB / 16, 4 * MiB, 64 * MiB);
        var fallback = (int)Math.Min(share, heapLimitBytes / 4);
        var most = (int)Math.Min(1024 * MiB, heapLimitBytes / 2);
        return new(
            Setting.Int(ItemsName, raw.Items, 8192, 64, 1 << 20, problems),
            Setting.Int(BytesName, raw.Bytes, fallback, Math.Min(64 * 1024, most), most, problems));
    }
}
