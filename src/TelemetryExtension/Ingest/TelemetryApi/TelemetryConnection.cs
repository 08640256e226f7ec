using System.Buffers;
using System.Net.Sockets;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// A connection to the Telemetry API's port, as a state machine that never blocks. It takes POSTs on any path, and answers 200 even when it can make
/// nothing of a body, because the body would only come again for ever. Used by the loop's thread only.
/// </summary>
/// <param name="post">Runs an action on the loop's thread.</param>
/// <param name="closed">Called once, when the connection has ended.</param>
internal sealed partial class TelemetryConnection(Socket socket, TelemetryEndpoint endpoint, Action<Action> post, Action<TelemetryConnection> closed) : IWatched
{
    private const int MaxHeadBytes = 16 * 1024;
    private const int FirstBufferBytes = 4 * 1024;

    /// <summary>So often a connection is read before the others get their turn.</summary>
    private const int ReadsInARow = 16;

    /// <summary>A head, or what is left of a body that was answered already, may take this long.</summary>
    private const int PatienceTicks = 5;

    /// <summary>A body may be slow that long, and then comes at this rate at least.</summary>
    private const int BytesPerTick = 240;

    /// <summary>For the other end to read the last answer.</summary>
    private const int FarewellTicks = 2;

    private State _state;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _ticks;

    private enum State : byte
    {
        /// <summary>Before or in the head of a request.</summary>
        Head,

        /// <summary>In a body of a known length.</summary>
        Sized,

        /// <summary>In a chunked body.</summary>
        Chunked,

        /// <summary>Another thread takes the body.</summary>
        Working,

        /// <summary>The last answer is sent. What still comes is thrown away: closing now could take the answer back.</summary>
        Farewell,

        Closed,
    }

    public Socket Socket => socket;

    public bool IsWaiting => _state is not (State.Working or State.Closed);

    public bool IsTimed => _state is State.Sized or State.Chunked or State.Farewell || (_state == State.Head && !IsIdle);

    /// <summary>Between two requests, or before the first.</summary>
    public bool IsIdle => _state == State.Head && _end == _start;

    public void OnReadable()
    {
        try
        {
            for (var i = 0; i < ReadsInARow && IsWaiting; i++)
                if (!TryReadSome())
                    return;
        }
        catch (Exception e)
        {
            // A boundary: a bug costs this connection, and so does memory that runs out. Whoever sent the request sends it again.
            Close();
            Log.WarnOnce("telemetry-connection", $"a connection of the Telemetry API failed: {Reason.OfBug(e)}");
        }
    }

    public void OnTick()
    {
        _ticks++;
        switch (_state)
        {
            case State.Head when _ticks > PatienceTicks:
                SayFarewell(408);
                break;
            case State.Sized or State.Chunked when _ticks > PatienceTicks && _isAnswered:
            case State.Farewell when _ticks > FarewellTicks:
                Close();
                break;
            case State.Sized or State.Chunked when _ticks > PatienceTicks && _received < (long)BytesPerTick * _ticks:
                Spoil();
                break;
        }
    }

    /// <summary>Ends it without another word.</summary>
    public void Close()
    {
        if (_state == State.Closed)
            return;
        _state = State.Closed;
        EndBody();
        ReturnBuffer();
        socket.Dispose();
        closed(this);
    }

    /// <summary>False when there is nothing more to read now.</summary>
    private bool TryReadSome()
    {
        var isDirect = _state == State.Sized && _end == _start && !_isAnswered;
        if (!isDirect)
            MakeRoom();
        var room = isDirect ? DirectRoom() : _buffer.AsSpan(_end);
        var count = socket.Receive(room, SocketFlags.None, out var error);
        if (error is SocketError.WouldBlock or SocketError.TryAgain or SocketError.Interrupted)
            return false;
        if (error != SocketError.Success || count == 0)
        {
            // In the middle of a request the sender is gone; it is not counted, because it was not sent.
            Close();
            return false;
        }

        if (isDirect)
            Advance(count);
        else
            _end += count;
        Continue();
        return count == room.Length;
    }

    /// <summary>Goes as far as the bytes lead that are there.</summary>
    private void Continue()
    {
        while (_state switch
        {
            State.Head => TryReadHead(),
            State.Sized => TryReadSized(),
            State.Chunked => TryReadChunks(),
            _ => false,
        })
        {
        }

        if (_state == State.Farewell)
            _start = _end = 0;
        if (_start == _end)
            ReturnBuffer();
    }

    /// <summary>True when the state has changed, so that there may be more to do.</summary>
    private bool TryReadHead()
    {
        // Some clients send an empty line behind a body (RFC 9112, 2.2).
        while (_end - _start >= 2 && _buffer[_start] == '\r' && _buffer[_start + 1] == '\n')
            _start += 2;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        var length = bytes.IndexOf("\r\n\r\n"u8);
        if (length < 0 && bytes.Length < MaxHeadBytes)
            return false;
        if (length is < 0 or > MaxHeadBytes)
        {
            SayFarewell(431);
            return false;
        }

        var status = RequestHead.Read(bytes[..length], out var head);
        if (status != 0)
        {
            SayFarewell(status);
            return false;
        }

        _start += length + 4;
        Begin(head);
        return true;
    }

    private void SayFarewell(int status)
    {
        EndBody();
        if (TrySend(Answers.Of(status, isLast: true)))
            Leave();
    }

    /// <summary>Ends our side. The other end sees the answer, and then the end.</summary>
    private void Leave()
    {
        _state = State.Farewell;
        _ticks = 0;
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            Close();
        }
    }

    /// <summary>False when the connection is closed. Whoever does not even read these few bytes gets no more of them.</summary>
    private bool TrySend(byte[] answer)
    {
        if (socket.Send(answer, SocketFlags.None, out var error) == answer.Length && error == SocketError.Success)
            return true;
        Close();
        return false;
    }

    private void MakeRoom()
    {
        if (_buffer.Length == 0)
            _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
        if (_end < _buffer.Length)
            return;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        var target = _start > 0 ? _buffer : ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
        bytes.CopyTo(target);
        if (target != _buffer)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (target, 0, bytes.Length);
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = ([], 0, 0);
    }
}
