using System.Runtime.CompilerServices;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Walks JSON text without allocations or exceptions. Broken JSON returns false. It accepts what loses nothing, such as raw control characters in
/// strings. It does not check numbers; the reader of a number does.
/// </summary>
internal ref struct JsonScanner(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> _json = json;

    public int Position { get; private set; }

    /// <summary>The next byte that is not white space, without consuming it. 0 at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Peek()
    {
        var json = _json;
        var at = Position;
        return (uint)at < (uint)json.Length && json[at] > (byte)' ' ? json[at] : PeekBeyondSpace();
    }

    private byte PeekBeyondSpace()
    {
        while (Position < _json.Length)
        {
            var b = _json[Position];
            if (b is not ((byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r'))
                return b;
            Position++;
        }

        return 0;
    }

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _json[Position..];

    public bool TryTake(byte expected)
    {
        if (Peek() != expected || Position >= _json.Length)
            return false;
        Position++;
        return true;
    }

    /// <summary>
    /// Moves to the next member of an object or element of an array after its opening bracket. False after the last one, when the closing bracket is
    /// consumed, or with <paramref name="ok"/> false when neither follows.
    /// </summary>
    public bool TryNext(byte close, ref bool first, out bool ok)
    {
        ok = true;
        if (first)
        {
            first = false;
            if (!TryTake(close))
                return true;
            return false;
        }

        if (TryTake((byte)','))
            return true;
        ok = TryTake(close);
        return false;
    }

    /// <summary>A string without its quotes, still escaped. <see cref="JsonText"/> unescapes it.</summary>
    public bool TryReadString(out ReadOnlySpan<byte> raw, out bool escaped)
    {
        raw = default;
        escaped = false;
        if (!TryTake((byte)'"'))
            return false;
        var start = Position;
        while (true)
        {
            var at = _json[Position..].IndexOfAny((byte)'"', (byte)'\\');
            if (at < 0)
                return false;
            Position += at;
            if (_json[Position] == '"')
            {
                raw = _json[start..Position];
                Position++;
                return true;
            }

            escaped = true;
            Position += 2;
            if (Position > _json.Length)
                return false;
        }
    }

    public bool TryReadKey(out ReadOnlySpan<byte> raw, out bool escaped) => TryReadString(out raw, out escaped) && TryTake((byte)':');

    /// <summary>A number or literal: everything up to the next delimiter. Never empty.</summary>
    public bool TryReadScalar(out ReadOnlySpan<byte> raw)
    {
        raw = default;
        if (Peek() == 0)
            return false;
        var start = Position;
        while (Position < _json.Length && !IsDelimiter(_json[Position]))
            Position++;
        raw = _json[start..Position];
        return raw.Length > 0;
    }

    /// <summary>Any value, as its exact text. It counts brackets without matching them and does not check what is between them.</summary>
    public bool TrySkipValue(out ReadOnlySpan<byte> raw)
    {
        raw = default;
        var next = Peek();
        var start = Position;
        if (next == '"')
        {
            if (!TryReadString(out _, out _))
                return false;
        }
        else if (next is (byte)'{' or (byte)'[')
        {
            if (!TrySkipNested())
                return false;
        }
        else if (!TryReadScalar(out _))
        {
            return false;
        }

        raw = _json[start..Position];
        return true;
    }

    private bool TrySkipNested()
    {
        var depth = 0;
        while (true)
        {
            var at = _json[Position..].IndexOfAny("\"{}[]"u8);
            if (at < 0)
                return false;
            Position += at;
            switch (_json[Position])
            {
                case (byte)'"':
                    if (!TryReadString(out _, out _))
                        return false;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    Position++;
                    break;
                default:
                    Position++;
                    if (--depth == 0)
                        return true;
                    break;
            }
        }
    }

    private static bool IsDelimiter(byte b) =>
        b is (byte)',' or (byte)'}' or (byte)']' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)':' or (byte)'"' or (byte)'{' or (byte)'[';
}
