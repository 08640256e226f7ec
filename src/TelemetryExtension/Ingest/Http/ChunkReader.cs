namespace TelemetryExtension.Ingest.Http;

internal enum ChunkStep : byte
{
    /// <summary>Everything was read, and the body goes on.</summary>
    More,

    /// <summary>Bytes of the body.</summary>
    Data,

    /// <summary>The body and its trailers are over. What is left belongs to the next request.</summary>
    End,

    /// <summary>This is no chunked body.</summary>
    Broken,
}

/// <summary>Finds the bytes of a chunked body (RFC 9112, 7.1), however it was cut on its way. Extensions and trailers are skipped.</summary>
internal struct ChunkReader
{
    /// <summary>For all extensions and trailers of a body together.</summary>
    private const int MaxSkipped = 16 * 1024;

    /// <summary>15 hexadecimal digits fit into a long.</summary>
    private const int MaxDigits = 15;

    private State _state;
    private long _left;
    private int _digits;
    private int _skipped;

    private enum State : byte
    {
        Size,
        Extension,
        SizeEnd,
        Data,
        DataReturn,
        DataEnd,
        TrailerStart,
        Trailer,
        TrailerEnd,
        LastEnd,
        Over,
    }

    /// <summary>Takes the next step, and cuts what it has read off the input.</summary>
    public ChunkStep Read(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> data)
    {
        data = default;
        while (!input.IsEmpty)
        {
            if (_state == State.Data)
            {
                data = input[..(int)Math.Min(_left, input.Length)];
                input = input[data.Length..];
                _left -= data.Length;
                if (_left == 0)
                    _state = State.DataReturn;
                return ChunkStep.Data;
            }

            var next = input[0];
            input = input[1..];
            if (!TryMove(next))
                return ChunkStep.Broken;
            if (_state == State.Over)
                return ChunkStep.End;
        }

        return ChunkStep.More;
    }

    private bool TryMove(byte next)
    {
        switch (_state)
        {
            case State.Size when char.IsAsciiHexDigit((char)next):
                _left = (_left << 4) | (uint)HexValue(next);
                return ++_digits <= MaxDigits;
            case State.Size when _digits > 0 && next == '\r':
                return Go(State.SizeEnd);
            case State.Size when _digits > 0 && (next is (byte)';' or (byte)' ' or (byte)'\t'):
                return Go(State.Extension);
            case State.Extension when next == '\r':
                return Go(State.SizeEnd);
            case State.Extension:
            case State.Trailer when next != '\r':
                return next != '\n' && ++_skipped <= MaxSkipped;
            case State.SizeEnd when next == '\n':
                _digits = 0;
                return Go(_left == 0 ? State.TrailerStart : State.Data);
            case State.DataReturn when next == '\r':
                return Go(State.DataEnd);
            case State.DataEnd when next == '\n':
                return Go(State.Size);
            case State.TrailerStart when next == '\r':
                return Go(State.LastEnd);
            case State.TrailerStart:
                return next != '\n' && ++_skipped <= MaxSkipped && Go(State.Trailer);
            case State.Trailer:
                return Go(State.TrailerEnd);
            case State.TrailerEnd when next == '\n':
                return Go(State.TrailerStart);
            case State.LastEnd when next == '\n':
                return Go(State.Over);
            default:
                return false;
        }
    }

    private static int HexValue(byte digit) => char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private bool Go(State state)
    {
        _state = state;
        return true;
    }
}
