using Microsoft.Win32.SafeHandles;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>A file of /proc that is read repeatedly. It stays open, because opening costs more than reading. Not thread-safe.</summary>
internal sealed class KeptFile(string path) : IDisposable
{
    private SafeFileHandle? _file;

    /// <summary>The beginning of the file, as much as fits. Empty when it cannot be read.</summary>
    public ReadOnlySpan<byte> Read(byte[] buffer)
    {
        try
        {
            _file ??= File.OpenHandle(path);
            return buffer.AsSpan(0, RandomAccess.Read(_file, buffer, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            _file?.Dispose();
            _file = null;
            return [];
        }
    }

    public void Dispose() => _file?.Dispose();
}
