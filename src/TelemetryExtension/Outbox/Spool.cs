using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <param name="Bytes">Size of the whole file.</param>
internal sealed record SpoolFile(string Name, int Bytes);

/// <summary>
/// Payloads in files, one each, with checksums. Trouble with the disk (full, read-only) turns into "no". Knows no bounds and takes no lock: the
/// outbox decides, and <see cref="FileWorker"/> calls, one call at a time but for <see cref="Read"/>.
/// </summary>
internal sealed class Spool(ISpoolFiles files) : IDisposable
{
    public const string Complete = ".otlp";
    public const string Partial = ".part";

    private long _sequence;

    /// <summary>Null when the disk does not take it.</summary>
    /// <param name="payload">Its body is not looked at.</param>
    /// <param name="bodies">The payload's body is these, end to end.</param>
    /// <param name="pending">Names of the destinations that have not got it.</param>
    /// <param name="wasEmptied">Whether the directory was found emptied or deleted.</param>
    public SpoolFile? TryWrite(OtlpPayload payload, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IReadOnlyList<string> pending, out bool wasEmptied)
    {
        wasEmptied = false;
        try
        {
            wasEmptied = files.Own();
            if (wasEmptied)
                Log.WarnOnce("spool emptied", $"somebody deleted {files.Directory}, which is made again: what was in there is lost");
            var head = SpoolFormat.Head(payload, bodies, pending);
            var name = $"{payload.Created.ToUnixTimeMilliseconds():x12}-{_sequence++:x6}-{payload.BatchId}{Complete}";
            files.Write(name, [head, .. bodies]);
            return new(name, head.Length + bodies.Sum(static body => body.Length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.WarnOnce("spool", $"cannot write to {files.Directory} ({Reason.Of(exception)}): what does not fit into memory is shed");
        }
        catch (OutOfMemoryException)
        {
            // This happens when memory is short. Shedding needs none.
        }

        return null;
    }

    /// <summary>The body; null when the file is gone or damaged.</summary>
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
    /// What an earlier generation left, oldest first. Only heads are read: whether a body is sound turns out when it is. Damaged files and files beyond
    /// the bounds are deleted: their content cannot be counted, and the generation that received them is gone.
    /// </summary>
    /// <param name="headBytes">Enough for most heads.</param>
    /// <param name="room">An empty one with the bounds.</param>
    /// <param name="own">Names of files that this generation wrote already.</param>
    public List<(SpoolFile File, SpoolHead Head)> Recover(int headBytes, SpoolRoom room, IReadOnlySet<string> own)
    {
        var found = new List<(SpoolFile, SpoolHead)>();
        try
        {
            var names = files.List();
            if (names.Count == 0)
                return found;
            files.Own();
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

    /// <summary>Null when it is no payload of ours that can be read; the others do not suffer for it.</summary>
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
            // Deleted meanwhile, as by a function that cleans up when it starts.
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
        // Earlier settings may have had more destinations, or longer names.
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
            // The next generation finds it, and its backend recognises the batch id.
        }
    }
}
