namespace TelemetryExtension.Outbox;

/// <summary>
/// The directory of the spool as the spool needs it: a seam over the disk. Everything may throw <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>, and may take as long as the disk does.
/// </summary>
internal interface ISpoolFiles : IDisposable
{
    /// <summary>For messages.</summary>
    string Directory { get; }

    /// <summary>Makes the directory if it is not there and takes it for this process. True when the process had it and somebody deleted or emptied it since.</summary>
    bool Own();

    /// <summary>Names of all files; none when there is no directory.</summary>
    IReadOnlyList<string> List();

    /// <summary>The file appears under its name only when it is complete.</summary>
    void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content);

    byte[] Read(string name);

    /// <summary>Answers how many bytes were read, and how many there are.</summary>
    (int Read, long Length) ReadBeginning(string name, Span<byte> buffer);

    bool Exists(string name);

    /// <summary>Does nothing when it is not there.</summary>
    void Delete(string name);
}
