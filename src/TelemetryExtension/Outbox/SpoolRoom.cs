namespace TelemetryExtension.Outbox;

/// <summary>How much of their limits the spool's files use, in bytes and in number. Guarded by the outbox's lock.</summary>
/// <param name="headBytes">The largest size of a file's head.</param>
internal sealed class SpoolRoom(int maxBytes, int headBytes)
{
    /// <summary>Each file costs an inode and an entry in memory that no ceiling counts.</summary>
    public const int MaxFiles = 1000;

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The space for one more body. Negative when none fits.</summary>
    public long Left => Files < MaxFiles ? maxBytes - Bytes - headBytes : -1;

    /// <summary>Whether a body would fit into an empty spool.</summary>
    public bool CanEverHold(int bytes) => bytes <= maxBytes - headBytes;

    /// <summary>Whether a file of an earlier generation fits into the limits.</summary>
    public bool HasRoomFor(SpoolFile file) => Files < MaxFiles && Bytes + file.Bytes <= maxBytes;

    public void Add(SpoolFile file)
    {
        Files++;
        Bytes += file.Bytes;
    }

    public void Remove(SpoolFile file)
    {
        Files--;
        Bytes -= file.Bytes;
    }
}
