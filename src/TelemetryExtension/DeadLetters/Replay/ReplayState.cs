namespace TelemetryExtension.DeadLetters.Replay;

/// <summary>
/// A file with the ids that were sent, one per line, written at once. An interrupted replay continues, and a repeated one sends nothing twice.
/// </summary>
internal sealed class ReplayState : IDisposable
{
    private readonly HashSet<string> _sent;
    private readonly StreamWriter? _file;

    private ReplayState(HashSet<string> sent, StreamWriter? file) => (_sent, _file) = (sent, file);

    /// <summary>Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>, as file access does.</summary>
    public static ReplayState Open(string? path, bool readOnly = false)
    {
        var sent = path is not null && File.Exists(path) ? File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).ToHashSet() : [];
        return new(sent, path is null || readOnly ? null : new StreamWriter(path, append: true) { AutoFlush = true });
    }

    public bool WasSent(string id) => _sent.Contains(id);

    public void Sent(string id)
    {
        if (_sent.Add(id))
            _file?.WriteLine(id);
    }

    public void Dispose() => _file?.Dispose();
}
