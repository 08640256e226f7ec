using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <param name="Bytes">Size of the whole file.</param>
internal sealed record SpoolFile(string Path, int Bytes);

/// <summary>
/// Payloads in files, one each, bounded in bytes and in number. A file appears under its name only when it is complete (written beside, then renamed),
/// and carries checksums, so that a generation that was killed leaves nothing that can be mistaken. Trouble with the disk (full, read-only) turns
/// into "no": the caller sheds instead, and the disk is asked again after a pause. One process at a time owns the directory, which the function may
/// delete at any time. Used under the outbox's lock, but for <see cref="Read"/>.
/// </summary>
/// <param name="headBytes">The most that a file holds beside its body.</param>
internal sealed class Spool(string directory, int maxBytes, int headBytes, TimeProvider time) : IDisposable
{
    /// <summary>Each costs an inode, and an entry in memory that no ceiling counts.</summary>
    public const int MaxFiles = 1000;

    private const string Complete = ".otlp";
    private const string Partial = ".part";
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly string _lock = Path.Combine(directory, "lock");
    private FileStream? _ownership;
    private Pause _pause;
    private bool _wasEmptied;
    private long _sequence;

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>For one more body; negative when there is no room for any.</summary>
    public long Room => Files < MaxFiles ? maxBytes - Bytes - headBytes : -1;

    /// <summary>Whether it would have room when everything else is gone.</summary>
    public bool CanEverHold(int bytes) => bytes <= maxBytes - headBytes;

    /// <summary>The disk did not want something a moment ago, and is not asked.</summary>
    public bool IsResting => _pause.LeftAt(time.GetUtcNow()) > TimeSpan.Zero;

    /// <summary>Null when there is no room, or the disk does not want it.</summary>
    /// <param name="payload">Its body is not looked at.</param>
    /// <param name="bodies">The payload's body is these, end to end.</param>
    /// <param name="pending">Names of the destinations that have not got it.</param>
    public SpoolFile? TryWrite(OtlpPayload payload, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IReadOnlyList<string> pending)
    {
        if (!Own())
            return null;
        var head = SpoolFormat.Head(payload, bodies, pending);
        var bytes = head.Length + bodies.Sum(static body => body.Length);
        if (Files >= MaxFiles || Bytes + bytes > maxBytes)
            return null;
        var path = Path.Combine(directory, $"{payload.Created.ToUnixTimeMilliseconds():x12}-{_sequence++:x6}-{payload.BatchId}");
        try
        {
            // Nothing is copied: files are written when memory is short.
            using (var file = File.OpenHandle(path + Partial, FileMode.Create, FileAccess.Write))
                RandomAccess.Write(file, [head, .. bodies], 0);
            File.Move(path + Partial, path + Complete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot write to {directory} ({Reason.Of(exception)}): what does not fit into memory is shed");
            _pause = new(time.GetUtcNow(), Rest);
            Remove(path + Partial);
            return null;
        }
        catch (OutOfMemoryException)
        {
            // Shedding needs no memory.
            Remove(path + Partial);
            return null;
        }

        Files++;
        Bytes += bytes;
        return new(path + Complete, bytes);
    }

    /// <summary>The body; null when the file is gone or damaged.</summary>
    public static ReadOnlyMemory<byte>? Read(SpoolFile file)
    {
        try
        {
            return SpoolFormat.Body(File.ReadAllBytes(file.Path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>False when somebody else had deleted it before.</summary>
    public bool Delete(SpoolFile file)
    {
        var wasThere = File.Exists(file.Path);
        Remove(file.Path);
        Files--;
        Bytes -= file.Bytes;
        return wasThere;
    }

    /// <summary>Whether the directory was found emptied or deleted since this was last asked.</summary>
    public bool TakeWasEmptied()
    {
        var was = _wasEmptied;
        _wasEmptied = false;
        return was;
    }

    /// <summary>
    /// What an earlier generation left, oldest first. Only heads are read: whether a body is sound turns out when it is. Damaged files and files beyond
    /// the bounds are deleted: their content cannot be counted, and the generation that received them is gone.
    /// </summary>
    public List<(SpoolFile File, SpoolHead Head)> Recover()
    {
        var found = new List<(SpoolFile, SpoolHead)>();
        try
        {
            if (!Directory.Exists(directory) || !Own())
                return found;
            var beginning = new byte[Math.Max(headBytes, 1024)];
            foreach (var path in Directory.GetFiles(directory).Order(StringComparer.Ordinal))
                if (TakeOver(path, beginning) is { } one)
                    found.Add(one);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot read {directory} ({Reason.Of(exception)})");
        }

        return found;
    }

    public void Dispose() => _ownership?.Dispose();

    /// <summary>Null when it is no payload of ours that can be read; the others do not suffer for it.</summary>
    private (SpoolFile File, SpoolHead Head)? TakeOver(string path, byte[] beginning)
    {
        try
        {
            if (path.EndsWith(Complete, StringComparison.Ordinal) && TryReadHead(path, beginning, out var head))
            {
                var file = new SpoolFile(path, head.BodyAt + head.BodyBytes);
                Files++;
                Bytes += file.Bytes;
                return (file, head);
            }

            if (path.EndsWith(Complete, StringComparison.Ordinal) || path.EndsWith(Partial, StringComparison.Ordinal))
            {
                Log.Warn($"deleting an unusable spool file of {new FileInfo(path).Length} bytes");
                Remove(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Deleted meanwhile, as by a function that cleans up when it starts.
            Log.WarnOnce("spool file", $"cannot read a file in {directory} ({Reason.Of(exception)})");
        }

        return null;
    }

    private bool TryReadHead(string path, byte[] beginning, out SpoolHead head)
    {
        head = default;
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        if (Files >= MaxFiles || Bytes + length > maxBytes)
            return false;
        var read = RandomAccess.Read(file, beginning, 0);
        if (SpoolFormat.HeadLength(beginning.AsSpan(0, read), length) <= read)
            return SpoolFormat.TryReadHead(beginning.AsSpan(0, read), length, out head);
        // Earlier settings may have had more destinations, or longer names.
        return SpoolFormat.TryReadHead(File.ReadAllBytes(path), length, out head);
    }

    private bool Own()
    {
        if (maxBytes == 0 || IsResting)
            return false;
        if (_ownership is not null && File.Exists(_lock))
            return true;
        if (_ownership is not null)
        {
            Log.WarnOnce("spool emptied", $"somebody deleted {directory}, which is made again: what was in there is lost");
            _wasEmptied = true;
            _ownership.Dispose();
            _ownership = null;
        }

        try
        {
            Directory.CreateDirectory(directory);
            // An advisory lock: it ends with the process, however that ends.
            _ownership = new(_lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot use {directory} ({Reason.Of(exception)}): what does not fit into memory is shed");
            _pause = new(time.GetUtcNow(), Rest);
            return false;
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It will be found, and its batch id recognised as a re-send, by the next generation.
        }
    }
}
