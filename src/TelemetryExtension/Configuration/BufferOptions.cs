namespace TelemetryExtension.Configuration;

/// <summary>The limits of the channel. <see cref="Bytes"/> counts whole request bodies at the size that the pool gives.</summary>
internal sealed record BufferOptions(int Items, int Bytes)
{
    private const int MiB = 1024 * 1024;

    /// <summary>Waiting for more than this makes no larger requests, only a larger process: half of the bytes, at most half a mebibyte.</summary>
    public int ThresholdBytes => Math.Min((Bytes + 1) / 2, MiB / 2);

    /// <param name="memorySizeMb">
    /// AWS_LAMBDA_FUNCTION_MEMORY_SIZE. The function needs the memory too, so the channel takes a sixteenth. 0 when unknown.
    /// </param>
    /// <param name="heapLimitBytes">
    /// The heap limit of the process (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes). Beyond it there is no shedding but OutOfMemoryException, which
    /// costs the function. The default stays under a quarter, a setting under a half.
    /// </param>
    public static BufferOptions From(Variables variables, int memorySizeMb, long heapLimitBytes)
    {
        var share = Math.Clamp((long)memorySizeMb * MiB / 16, 4 * MiB, 64 * MiB);
        var fallback = (int)Math.Min(share, heapLimitBytes / 4);
        var most = (int)Math.Min(1024 * MiB, heapLimitBytes / 2);
        return new(
            variables.Int("TELEMETRY_EXTENSION_BUFFER_ITEMS", 8192, 64, 1 << 20),
            variables.Bytes("TELEMETRY_EXTENSION_BUFFER_BYTES", fallback, Math.Min(64 * 1024, most), most));
    }
}
