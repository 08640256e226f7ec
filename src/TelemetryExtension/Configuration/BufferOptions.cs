namespace TelemetryExtension.Configuration;

/// <summary>How much may wait in the channel. <see cref="Bytes"/> counts whole request bodies, as the pool hands them out.</summary>
internal sealed record BufferOptions(int Items, int Bytes)
{
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
    public static BufferOptions From(Variables variables, int memorySizeMb, long heapLimitBytes)
    {
        var share = Math.Clamp((long)memorySizeMb * MiB / 16, 4 * MiB, 64 * MiB);
        var fallback = (int)Math.Min(share, heapLimitBytes / 4);
        var most = (int)Math.Min(1024 * MiB, heapLimitBytes / 2);
        return new(
            variables.Int("TELEMETRY_EXTENSION_BUFFER_ITEMS", 8192, 64, 1 << 20),
            variables.Int("TELEMETRY_EXTENSION_BUFFER_BYTES", fallback, Math.Min(64 * 1024, most), most));
    }
}
