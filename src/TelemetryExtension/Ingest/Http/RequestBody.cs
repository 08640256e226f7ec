using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Ingest.Http;

internal enum BodyStatus : byte
{
    Complete,

    /// <summary>More than the limit.</summary>
    TooLarge,

    /// <summary>The byte budget for requests in flight is used up.</summary>
    OverBudget,

    /// <summary>The sender was too slow, or broke the protocol.</summary>
    BadRequest,

    /// <summary>The sender went away.</summary>
    Aborted,
}

/// <param name="Body">Set when complete; the receiver of the result owns the reference.</param>
internal readonly record struct BodyResult(BodyStatus Status, PooledBody? Body = null, int HttpStatus = 0);

/// <summary>Reads a whole request body into memory, copying each byte once when the length is declared. Ends by itself when the connection does.</summary>
internal static class RequestBody
{
    /// <param name="length">The declared or expected length; memory for it is taken before the first byte is read.</param>
    /// <param name="limit">Bytes, inclusive.</param>
    /// <param name="lease">What the buffers are charged to; null: to nobody.</param>
    /// <param name="keep">See <see cref="GrowingBody"/>.</param>
    public static async ValueTask<BodyResult> ReadAsync(PipeReader reader, long? length, int limit, ByteLease? lease, bool keep = false)
    {
        var body = new GrowingBody(limit, lease, keep);
        var result = new BodyResult(BodyStatus.Aborted);
        try
        {
            var status = body.TryStart(length ?? 0);
            while (status is BodyStatus.Complete)
            {
                var read = await reader.ReadAsync().ConfigureAwait(false);
                status = Append(body, read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }

            return result = status is BodyStatus.Complete ? new(status, body.Take()) : new(status);
        }
        catch (BadHttpRequestException e)
        {
            return result = new(BodyStatus.BadRequest, HttpStatus: e.StatusCode);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return result;
        }
        finally
        {
            if (result.Body is null)
                body.Release();
        }
    }

    /// <summary>Takes and forgets what is coming anyway, until its end, the limit (bytes) or the cancellation. Does not throw when the sender is gone.</summary>
    public static async ValueTask DrainAsync(PipeReader reader, long atMost, CancellationToken cancellationToken)
    {
        try
        {
            for (var isCompleted = false; !isCompleted && atMost >= 0;)
            {
                var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                isCompleted = read.IsCompleted;
                atMost -= read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Too slow, or gone: then nobody waits for the answer.
        }
    }

    private static BodyStatus Append(GrowingBody body, in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            var rest = segment.Span;
            while (rest.Length > 0)
            {
                if (body.TryReserve(rest.Length) is not BodyStatus.Complete and var status)
                    return status;
                var room = body.Free.Span;
                var count = Math.Min(room.Length, rest.Length);
                rest[..count].CopyTo(room);
                body.Advance(count);
                rest = rest[count..];
            }
        }

        return BodyStatus.Complete;
    }
}
