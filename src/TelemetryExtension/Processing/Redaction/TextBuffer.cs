using System.Text;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>Decodes texts for regular expressions into one buffer. After an unusually long text it replaces the buffer with a small one.</summary>
internal sealed class TextBuffer
{
    private const int LargestKept = 64 * 1024;

    private char[] _characters = new char[1024];

    /// <summary>The result is valid until the next call.</summary>
    public ReadOnlySpan<char> Decode(ReadOnlySpan<byte> utf8)
    {
        if (_characters.Length < utf8.Length || (_characters.Length > LargestKept && utf8.Length <= LargestKept))
            _characters = new char[Math.Max(1024, utf8.Length)];
        return _characters.AsSpan(0, Encoding.UTF8.GetChars(utf8, _characters));
    }
}
