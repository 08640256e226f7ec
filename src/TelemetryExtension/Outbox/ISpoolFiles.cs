namespace TelemetryExtension.Outbox;

/// <summary>
/// The directory of the spool, as a seam over the disk. Every member may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>, and
/// may take as long as the disk does.
/// </summary>
internal interface ISpoolFiles : IDisposable
{
    /// <summary>The path, for messages.</summary>
    string Directory { get; }

    /// <summary>
    /// Creates the directory if it is missing and locks it for this process. Returns true when the process had it and somebody deleted or emptied it since.
    /// </summary>
    bool Acquire();

    /// <summary>Names of all files. Empty when there is no directory.</summary>
    IReadOnlyList<string> List();

    /// <summary>Writes a file, which appears under its name only when it is complete.</summary>
    void Write(string name, IReadOnlyList<ReadOnlyMemory<byte>> content);

    byte[] Read(string name);

    /// <summary>Returns the bytes read and the length of the file.</summary>
    (int Read, long Length) ReadBeginning(string name, Span<byte> buffer);

    bool Exists(string name);

    /// <summary>Deletes a file. Does nothing when it is missing.</summary>
    void Delete(string name);
}
