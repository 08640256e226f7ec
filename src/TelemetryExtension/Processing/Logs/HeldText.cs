using System.Buffers;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Holds a text record until it is known to be complete, with a buffer into which the next one is unescaped.</summary>
internal sealed class HeldText : IDisposable
{
    private const int SmallBytes = 4096;

    private byte[] _text = ArrayPool<byte>.Shared.Rent(SmallBytes);
    private byte[] _next = ArrayPool<byte>.Shared.Rent(SmallBytes);
    private int _length;
    private long _lastTime;
    private StackTraceLines _lines;

    /// <summary>The memory that this uses.</summary>
    public int Capacity => _text.Length + _next.Length;

    /// <summary>The number of joined items. 0 when nothing is held.</summary>
    public int Items { get; private set; }

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    public LogOrigin Origin { get; private set; }

    public LogLine Line { get; private set; }

    public InvocationContext? Invocation { get; private set; }

    /// <summary>
    /// Unescapes the next text into valid UTF-8, without trailing newlines. The result is valid until the next call of this or of <see cref="Hold"/>.
    /// </summary>
    public Span<byte> Decode(ReadOnlySpan<byte> raw, bool escaped)
    {
        var room = JsonText.Room(raw, out var valid);
        if (_next.Length < room)
            Replace(ref _next, room, 0);
        var length = room;
        if (valid && !escaped)
            raw.CopyTo(_next);
        else
            length = JsonText.Unescape(raw, valid, _next);
        while (length > 0 && _next[length - 1] is (byte)'\n' or (byte)'\r')
            length--;
        return _next.AsSpan(0, length);
    }

    /// <summary>Appends the decoded text as another line if it continues the held text.</summary>
    public bool TryJoin(ReadOnlySpan<byte> text, in LogOrigin origin, int items)
    {
        if (Items == 0 || origin.Kind != Origin.Kind || !ReferenceEquals(origin.Open, Origin.Open)
            || !_lines.Joins(text, _length, origin.Reference - _lastTime))
            return false;
        if (_text.Length < _length + 1 + text.Length)
            Replace(ref _text, Math.Max(_text.Length * 2, _length + 1 + text.Length), _length);
        _text[_length] = (byte)'\n';
        text.CopyTo(_text.AsSpan(_length + 1));
        _length += 1 + text.Length;
        _lastTime = origin.Reference;
        Items += items;
        return true;
    }

    /// <summary>Holds the text that was just decoded.</summary>
    public void Hold(int length, in LogOrigin origin, in LogLine line, InvocationContext? invocation, int items)
    {
        (_text, _next) = (_next, _text);
        _length = length;
        _lastTime = origin.Reference;
        Origin = origin;
        Line = line;
        Invocation = invocation;
        Items = items;
        // On plain stdout Node's runtime prints carriage returns for newlines inside a message.
        if (line.Shape == LogLineShape.Tabbed && Text.Contains((byte)'\r') && !Text.Contains((byte)'\n'))
            _text.AsSpan(0, length).Replace((byte)'\r', (byte)'\n');
        // The runtime prints an uncaught exception as one record, even one without frames, whose end looks like the start of a traceback.
        _lines.Begin(line.Shape == LogLineShape.Uncaught ? default : Text);
    }

    public void Clear()
    {
        Items = 0;
        Invocation = null;
        Origin = default;
    }

    /// <summary>
    /// Replaces buffers that are larger than the limit. Nothing may be held. The pool does not get them, because it would keep them.
    /// </summary>
    public void Trim(int limit)
    {
        if (_text.Length > limit)
            _text = ArrayPool<byte>.Shared.Rent(SmallBytes);
        if (_next.Length > limit)
            _next = ArrayPool<byte>.Shared.Rent(SmallBytes);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_text);
        ArrayPool<byte>.Shared.Return(_next);
        _text = _next = [];
        Clear();
    }

    private static void Replace(ref byte[] buffer, int size, int keep)
    {
        var bigger = ArrayPool<byte>.Shared.Rent(size);
        buffer.AsSpan(0, keep).CopyTo(bigger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = bigger;
    }
}
