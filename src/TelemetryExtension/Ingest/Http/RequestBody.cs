using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Ingest.Http;

internal enum BodyStatus : byte
{
    Complete,

    /// <summary>The body exceeds the limit.</summary>
    TooLarge,

    /// <summary>The byte budget for requests in flight is used up.</summary>
    OverBudget,

    /// <summary>The sender was too slow, or broke the protocol.</summary>
    BadRequest,

    /// <summary>The sender is gone.</summary>
    Aborted,
}

/// <param name="Body">Set when complete. The receiver of the result owns the reference.</param>
internal readonly record struct BodyResult(BodyStatus Status, PooledBody? Body = null, int HttpStatus = 0);

/// <summary>Reads a whole request body into memory. Copies each byte once when the length is declared. Ends when the connection does.</summary>
internal static class RequestBody
{
    /// <param name="length">The declared or expected length. Memory for it is reserved before the first byte is read.</param>
    /// <param name="limit">The most bytes, inclusive.</param>
    /// <param name="lease">The lease that buffers are charged to. Null charges nothing.</param>
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

    /// <summary>Reads and discards the rest of a body, until its end, the limit (bytes) or the cancellation. Does not throw when the sender is gone.</summary>
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
            // The sender is too slow or gone, so nobody waits for the answer.
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
