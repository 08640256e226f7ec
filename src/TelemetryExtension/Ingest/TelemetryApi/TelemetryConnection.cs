using System.Buffers;
using System.Net.Sockets;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Native;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// A connection to the Telemetry API's port, as a state machine that never blocks. It takes POSTs on any path. It answers 200 even to a
/// body that cannot be read, because Lambda would send that body again and again. Used by the loop's thread only.
/// </summary>
/// <param name="post">Runs an action on the loop's thread.</param>
/// <param name="closed">Called once, when the connection has ended.</param>
internal sealed partial class TelemetryConnection(Socket socket, TelemetryEndpoint endpoint, Action<Action> post, Action<TelemetryConnection> closed) : IWatched
{
    private const int MaxHeadBytes = 16 * 1024;
    private const int FirstBufferBytes = 4 * 1024;

    /// <summary>Reads in one turn, so that other connections get theirs.</summary>
    private const int ReadsInARow = 16;

    /// <summary>The longest time for a head, and for the rest of a body that was answered already.</summary>
    private const int PatienceTicks = 5;

    /// <summary>The least rate of a body after its first ticks.</summary>
    private const int BytesPerTick = 240;

    /// <summary>The time for the peer to read the last answer.</summary>
    private const int LeavingTicks = 2;

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

        /// <summary>The last answer is sent. Later bytes are discarded: closing now could destroy the answer on its way.</summary>
        Leaving,

        Closed,
    }

    public Socket Socket => socket;

    public bool IsWaiting => _state is not (State.Working or State.Closed);

    public bool IsTimed => _state is State.Sized or State.Chunked or State.Leaving || (_state == State.Head && !IsIdle);

    /// <summary>Between two requests, or before the first.</summary>
    public bool IsIdle => _state == State.Head && _end == _start;

    public void OnReadable() => Guarded(static connection =>
    {
        for (var i = 0; i < ReadsInARow && connection.IsWaiting; i++)
            if (!connection.TryReadSome())
                return;
    });

    public void OnTick() => Guarded(static connection => connection.Tick());

    /// <summary>Closes it without an answer.</summary>
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

    /// <summary>A boundary: a bug, or memory that runs out, costs this connection only. Lambda sends the request again.</summary>
    private void Guarded(Action<TelemetryConnection> work)
    {
        try
        {
            work(this);
        }
        catch (Exception e)
        {
            Close();
            Log.WarnOnce("telemetry-connection", $"a connection of the Telemetry API failed: {Reason.OfBug(e)}");
        }
    }

    private void Tick()
    {
        _ticks++;
        switch (_state)
        {
            case State.Head when _ticks > PatienceTicks:
                SendAndLeave(408);
                break;
            case State.Sized or State.Chunked when _ticks > PatienceTicks && _isAnswered:
            case State.Leaving when _ticks > LeavingTicks:
                Close();
                break;
            case State.Sized or State.Chunked when _ticks > PatienceTicks && _received < (long)BytesPerTick * _ticks:
                RejectBroken();
                break;
        }
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
            // A sender that left in the middle of a request has sent nothing, so nothing is counted.
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

    /// <summary>Reads as much as the bytes in the buffer allow.</summary>
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

        if (_state == State.Leaving)
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
            SendAndLeave(431);
            return false;
        }

        var status = RequestHead.Read(bytes[..length], out var head);
        if (status != 0)
        {
            SendAndLeave(status);
            return false;
        }

        _start += length + 4;
        Begin(head);
        return true;
    }

    private void SendAndLeave(int status)
    {
        EndBody();
        if (TrySend(Answers.Of(status, isLast: true)))
            Leave();
    }

    /// <summary>Ends our side. The other end sees the answer, and then the end.</summary>
    private void Leave()
    {
        _state = State.Leaving;
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

    /// <summary>False when the connection is closed, also because the peer does not read.</summary>
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
