namespace TelemetryExtension.Export;

/// <param name="Bytes">Size of the whole file.</param>
internal sealed record SpoolFile(string Path, int Bytes);

/// <summary>
/// Payloads in files, one each, bounded in total. A file appears under its name only when it is complete (written beside, then renamed), and
/// carries checksums, so that a generation that was killed leaves nothing that can be mistaken. Trouble with the disk (full, read-only) turns
/// into "no": the caller sheds instead. One process at a time owns the directory. Used under the outbox's lock, but for <see cref="Read"/>.
/// </summary>
internal sealed class Spool(string directory, int maxBytes) : IDisposable
{
    private const string Complete = ".otlp";
    private const string Partial = ".part";

    private FileStream? _ownership;
    private bool _isUnusable = maxBytes == 0;
    private long _sequence;

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Whether there is room: a file's head is shorter than the reserve, unless names are uncommonly long.</summary>
    public bool HasRoomFor(OtlpPayload payload) => Bytes + payload.Body.Length + 256 <= maxBytes;

    /// <summary>Null when there is no room, or the disk does not want it.</summary>
    /// <param name="pending">Names of the destinations that have not got it.</param>
    public SpoolFile? TryWrite(OtlpPayload payload, IReadOnlyList<string> pending)
    {
        // Spooling happens when memory is short: nothing is copied for a file that has no room anyway.
        if (Bytes + payload.Body.Length > maxBytes)
            return null;
        if (!Own())
            return null;
        var content = SpoolFormat.Encode(payload, pending);
        if (Bytes + content.Length > maxBytes)
            return null;
        var path = Path.Combine(directory, $"{payload.Created.ToUnixTimeMilliseconds():x12}-{_sequence++:x6}-{payload.BatchId}");
        try
        {
            File.WriteAllBytes(path + Partial, content);
            File.Move(path + Partial, path + Complete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot write to {directory} ({Reason.Of(exception)}): what does not fit into memory is shed");
            Remove(path + Partial);
            return null;
        }

        Files++;
        Bytes += content.Length;
        return new(path + Complete, content.Length);
    }

    /// <summary>The body; null when the file is gone or damaged.</summary>
    public static ReadOnlyMemory<byte>? Read(SpoolFile file)
    {
        try
        {
            return SpoolFormat.TryDecode(File.ReadAllBytes(file.Path), out var content) ? content.Payload.Body : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Delete(SpoolFile file)
    {
        Remove(file.Path);
        Files--;
        Bytes -= file.Bytes;
    }

    /// <summary>
    /// What an earlier generation left, oldest first, without bodies. Damaged files and files beyond the bound are deleted: their content cannot be
    /// counted, and the generation that received them is gone.
    /// </summary>
    public List<(SpoolFile File, OtlpPayload Payload, IReadOnlyList<string> Pending)> Recover()
    {
        var found = new List<(SpoolFile, OtlpPayload, IReadOnlyList<string>)>();
        try
        {
            if (_isUnusable || !Directory.Exists(directory) || !Own())
                return found;
            foreach (var path in Directory.GetFiles(directory).Order(StringComparer.Ordinal))
            {
                if (path.EndsWith(Complete, StringComparison.Ordinal)
                    && new FileInfo(path).Length + Bytes <= maxBytes
                    && SpoolFormat.TryDecode(File.ReadAllBytes(path), out var content))
                {
                    var file = new SpoolFile(path, content.FileBytes);
                    found.Add((file, content.Payload with { Body = default }, content.Pending));
                    Files++;
                    Bytes += file.Bytes;
                }
                else if (path.EndsWith(Complete, StringComparison.Ordinal) || path.EndsWith(Partial, StringComparison.Ordinal))
                {
                    Log.Warn($"deleting an unusable spool file of {new FileInfo(path).Length} bytes");
                    Remove(path);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot read {directory} ({Reason.Of(exception)})");
        }

        return found;
    }

    public void Dispose() => _ownership?.Dispose();

    private bool Own()
    {
        if (_ownership is not null)
            return true;
        if (_isUnusable)
            return false;
        try
        {
            Directory.CreateDirectory(directory);
            // An advisory lock: it ends with the process, however that ends.
            _ownership = new(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _isUnusable = true;
            Log.WarnOnce("spool", $"cannot use {directory} ({Reason.Of(exception)}): what does not fit into memory is shed");
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
