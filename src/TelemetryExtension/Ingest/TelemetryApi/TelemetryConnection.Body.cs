using TelemetryExtension.Buffering;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>The body of a request. One of a known length is read straight into the memory in which it stays.</summary>
internal sealed partial class TelemetryConnection
{
    private RequestHead _head;
    private ChunkReader _chunks;
    private GrowingBody? _body;
    private ByteLease? _lease;

    /// <summary>Bytes of a body of a known length that have not arrived yet.</summary>
    private long _left;

    /// <summary>Bytes of this body that have arrived.</summary>
    private long _received;

    /// <summary>The request is answered, and the rest of its body is discarded.</summary>
    private bool _isAnswered;

    private void Begin(RequestHead head)
    {
        (_head, _chunks, _left, _received, _ticks, _isAnswered) = (head, default, head.ContentLength, 0, 0, false);
        _lease = endpoint.Lease(head.IsChunked ? null : head.ContentLength);
        _body = new(TelemetryEndpoint.MaxBodyBytes, _lease);
        _state = head.IsChunked ? State.Chunked : State.Sized;
        var status = _body.TryStart(_left);
        if (status is not BodyStatus.Complete)
            AnswerEarly(status);
        else if (head.AwaitsContinue && (head.IsChunked || _left > 0) && _start == _end)
            TrySend(Answers.Continue);
    }

    private Span<byte> DirectRoom() => _body!.Free.Span;

    private void Advance(int count)
    {
        _body!.Advance(count);
        _left -= count;
        _received += count;
    }

    private bool TryReadSized()
    {
        var count = (int)Math.Min(_left, _end - _start);
        if (!_isAnswered)
            Append(_buffer.AsSpan(_start, count));
        _start += count;
        _left -= count;
        _received += count;
        if (_left > 0 || _state != State.Sized)
            return false;
        Complete();
        return _state == State.Head;
    }

    private bool TryReadChunks()
    {
        var input = (ReadOnlySpan<byte>)_buffer.AsSpan(_start, _end - _start);
        while (true)
        {
            var step = _chunks.Read(ref input, out var data);
            _start = _end - input.Length;
            _received += data.Length;
            if (step == ChunkStep.Data && !_isAnswered)
                Append(data);
            if (step == ChunkStep.Broken)
                RejectBroken();
            if (_state != State.Chunked || step is ChunkStep.More)
                return false;
            if (step != ChunkStep.End)
                continue;
            Complete();
            return _state == State.Head;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_isAnswered && _state != State.Closed)
        {
            if (_body!.TryReserve(bytes.Length) is not BodyStatus.Complete and var status)
            {
                AnswerEarly(status);
                return;
            }

            var room = _body.Free.Span;
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            _body.Advance(count);
            bytes = bytes[count..];
        }
    }

    private void Complete()
    {
        if (_isAnswered)
        {
            Next();
            return;
        }

        var body = _body!.Take();
        if (!endpoint.MakesRoom)
        {
            endpoint.Take(body);
            Answer();
            return;
        }

        // On this thread it would delay the other sockets.
        _state = State.Working;
        Action answer = () => Guarded(static connection =>
        {
            connection.Answer();
            // Bytes of a next request may have come with the last.
            connection.Continue();
        });
        _ = Task.Run(() =>
        {
            try
            {
                endpoint.Take(body);
            }
            finally
            {
                post(answer);
            }
        });
    }

    private void Answer()
    {
        if (TrySend(Answers.Of(200, isLast: !_head.KeepsAlive)))
            Next();
    }

    /// <summary>Answers before the body has arrived, because there is no room for it, and discards the body.</summary>
    private void AnswerEarly(BodyStatus status)
    {
        // When other requests use the room, this one is not counted: Lambda sends it again.
        if (status is not BodyStatus.OverBudget)
            endpoint.Refuse(status);
        EndBody();
        _isAnswered = true;
        _ticks = 0;
        // A sender that waits for 100 may send the body or not, so the start of the next request is unknown.
        if (_head.AwaitsContinue)
            _head = _head with { KeepsAlive = false };
        if (TrySend(Answers.Of(status is BodyStatus.OverBudget ? 503 : 200, isLast: !_head.KeepsAlive)) && !_head.KeepsAlive)
            Leave();
    }

    /// <summary>The body is broken and its end unknown. The answer is 200, so that Lambda does not send it again.</summary>
    private void RejectBroken()
    {
        if (_isAnswered)
        {
            Leave();
            return;
        }

        endpoint.Refuse(BodyStatus.BadRequest);
        SendAndLeave(200);
    }

    private void Next()
    {
        EndBody();
        _ticks = 0;
        _state = State.Head;
        if (!_head.KeepsAlive)
            Leave();
    }

    private void EndBody()
    {
        _body?.Release();
        _lease?.Dispose();
        (_body, _lease) = (null, null);
    }
}
