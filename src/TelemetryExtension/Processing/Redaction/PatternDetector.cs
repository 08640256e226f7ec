using System.Text;
using System.Text.RegularExpressions;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>Finds the matches of a pattern from the settings. The first call for a text finds and stores all of them.</summary>
/// <param name="buffer">Detectors may share it.</param>
internal sealed class PatternDetector(Regex pattern, TextBuffer buffer) : ISecretDetector
{
    private readonly List<(int Start, int End)> _matches = [];
    private int _next;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:pattern]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        if (from == 0)
            FindAll(text);
        while (_next < _matches.Count && _matches[_next].Start < from)
            _next++;
        (start, end) = _next < _matches.Count ? _matches[_next] : default;
        return end > 0;
    }

    private void FindAll(ReadOnlySpan<byte> text)
    {
        _matches.Clear();
        _next = 0;
        var characters = buffer.Decode(text);
        var (at, bytes) = (0, 0);
        foreach (var match in pattern.EnumerateMatches(characters))
        {
            bytes += Encoding.UTF8.GetByteCount(characters[at..match.Index]);
            var length = Encoding.UTF8.GetByteCount(characters.Slice(match.Index, match.Length));
            if (length > 0)
                _matches.Add((bytes, bytes + length));
            (at, bytes) = (match.Index + match.Length, bytes + length);
        }
    }
}
