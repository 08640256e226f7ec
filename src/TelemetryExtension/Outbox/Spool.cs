using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <param name="Bytes">Size of the whole file, head and body.</param>
internal sealed record SpoolFile(string Name, int Bytes);

/// <summary>
/// Stores payloads in files, one each, with checksums. A disk error (full, read-only) is a negative result, not an exception. Has no limits and takes no
/// lock: the outbox decides and <see cref="FileWorker"/> calls, one call at a time except for <see cref="Read"/>.
/// </summary>
internal sealed class Spool(ISpoolFiles files) : IDisposable
{
    public const string Complete = ".otlp";
    public const string Partial = ".part";

    private long _sequence;

    /// <summary>Writes a payload to a new file. Returns null when the disk does not take it.</summary>
    /// <param name="payload">Its body is ignored.</param>
    /// <param name="bodies">The payload's body, in pieces that are written end to end.</param>
    /// <param name="pending">Names of the destinations that did not receive the payload yet.</param>
    /// <param name="wasEmptied">Whether somebody emptied or deleted the directory.</param>
    public SpoolFile? TryWrite(OtlpPayload payload, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IReadOnlyList<string> pending, out bool wasEmptied)
    {
        wasEmptied = false;
        try
        {
            Acquire(ref wasEmptied);
            try
            {
                return Write(payload, bodies, pending);
            }
            catch (IOException exception) when (exception is DirectoryNotFoundException or FileNotFoundException)
            {
                // The function emptied /tmp between the two steps. Without a second try the disk would count as full for some seconds.
                Acquire(ref wasEmptied);
                return Write(payload, bodies, pending);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot write to {files.Directory} ({Reason.Of(exception)}): payloads that do not fit into memory are dropped");
        }
        catch (OutOfMemoryException)
        {
            // Writes happen when memory is short. The fallback, shedding, needs no memory.
        }

        return null;
    }

    /// <summary>Reads the body. Returns null when the file is gone or damaged.</summary>
    public ReadOnlyMemory<byte>? Read(SpoolFile file)
    {
        try
        {
            return SpoolFormat.Body(files.Read(file.Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Delete(SpoolFile file) => Delete(file.Name);

    public bool Exists(SpoolFile file) => files.Exists(file.Name);

    /// <summary>
    /// Finds the payloads that an earlier generation left, oldest first. Reads only heads; a body is checked when it is sent. Deletes damaged files and
    /// files beyond the limits: their content cannot be counted, and the generation that received it is gone.
    /// </summary>
    /// <param name="headBytes">A size that most heads do not exceed.</param>
    /// <param name="room">An empty room with the limits.</param>
    /// <param name="own">Names of files that this generation has already written.</param>
    public List<(SpoolFile File, SpoolHead Head)> Recover(int headBytes, SpoolRoom room, IReadOnlySet<string> own)
    {
        var found = new List<(SpoolFile, SpoolHead)>();
        try
        {
            var names = files.List();
            if (names.Count == 0)
                return found;
            files.Acquire();
            var beginning = new byte[Math.Max(headBytes, 1024)];
            foreach (var name in names.Order(StringComparer.Ordinal))
            {
                if (own.Contains(name) || TakeOver(name, beginning, room) is not { } one)
                    continue;
                room.Add(one.File);
                found.Add(one);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot read {files.Directory} ({Reason.Of(exception)})");
        }

        return found;
    }

    public void Dispose() => files.Dispose();

    private void Acquire(ref bool wasEmptied)
    {
        if (!files.Acquire())
            return;
        wasEmptied = true;
        Log.WarnOnce("spool emptied", $"somebody deleted {files.Directory}: the extension creates it again, but its payloads are lost");
    }

    private SpoolFile Write(OtlpPayload payload, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IReadOnlyList<string> pending)
    {
        var head = SpoolFormat.Head(payload, bodies, pending);
        var name = $"{payload.Created.ToUnixTimeMilliseconds():x12}-{_sequence++:x6}-{payload.BatchId}{Complete}";
        files.Write(name, [head, .. bodies]);
        return new(name, head.Length + bodies.Sum(static body => body.Length));
    }

    /// <summary>Returns null when the file is not a readable payload of the extension. The other files are not affected.</summary>
    private (SpoolFile File, SpoolHead Head)? TakeOver(string name, byte[] beginning, SpoolRoom room)
    {
        if (!name.EndsWith(Complete, StringComparison.Ordinal) && !name.EndsWith(Partial, StringComparison.Ordinal))
            return null;
        try
        {
            if (name.EndsWith(Complete, StringComparison.Ordinal) && TryReadHead(name, beginning, out var head, out var file) && room.HasRoomFor(file))
                return (file, head);
            Log.Warn("deleting an unusable spool file");
            Delete(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The file was deleted meanwhile, for example by a function that cleans up when it starts.
            Log.WarnOnce("spool file", $"cannot read a file in {files.Directory} ({Reason.Of(exception)})");
        }

        return null;
    }

    private bool TryReadHead(string name, byte[] beginning, out SpoolHead head, out SpoolFile file)
    {
        var (read, length) = files.ReadBeginning(name, beginning);
        file = new(name, (int)Math.Min(length, int.MaxValue));
        if (SpoolFormat.HeadLength(beginning.AsSpan(0, read), length) <= read)
            return SpoolFormat.TryReadHead(beginning.AsSpan(0, read), length, out head);
        // The head is long: earlier settings may have had more destinations, or longer names.
        return SpoolFormat.TryReadHead(files.Read(name), length, out head);
    }

    private void Delete(string name)
    {
        try
        {
            files.Delete(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next generation finds the file and sends it again. The backend can recognise the batch id.
        }
    }
}
