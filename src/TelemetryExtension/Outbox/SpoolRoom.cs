namespace TelemetryExtension.Outbox;

/// <summary>What the spool's files take of their bounds, in bytes and in number. Guarded by the outbox's lock.</summary>
/// <param name="headBytes">The most that a file holds beside its body.</param>
internal sealed class SpoolRoom(int maxBytes, int headBytes)
{
    /// <summary>Each costs an inode, and an entry in memory that no ceiling counts.</summary>
    public const int MaxFiles = 1000;

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>For one more body; negative when there is no room for any.</summary>
    public long Left => Files < MaxFiles ? maxBytes - Bytes - headBytes : -1;

    /// <summary>Whether there would be room for a body if everything else were gone.</summary>
    public bool CanEverHold(int bytes) => bytes <= maxBytes - headBytes;

    /// <summary>Whether a file of an earlier generation is inside the bounds.</summary>
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
