using System.Buffers;
using System.IO.Pipelines;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// Passes on every byte that a connection received before it reports the connection's end. Kestrel drops a request that is complete when its last bytes
/// come together with the end. A function that crashes, exits or is killed at its timeout sends its last telemetry exactly so.
/// </summary>
internal sealed class HalfClosedInput(PipeReader reader) : PipeReader
{
    private ReadOnlySequence<byte> _told;

    /// <summary>Bytes that were looked at and left, to wait for more of them; -1 when there may be some not looked at.</summary>
    private long _waiting = -1;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        Tell(await reader.ReadAsync(cancellationToken).ConfigureAwait(false));

    public override bool TryRead(out ReadResult result)
    {
        var isRead = reader.TryRead(out result);
        if (isRead)
            result = Tell(result);
        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _waiting = _told.Slice(examined).IsEmpty ? _told.Slice(consumed).Length : -1;
        _told = default;
        reader.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null) => reader.Complete(exception);

    private ReadResult Tell(ReadResult result)
    {
        _told = result.Buffer;
        return result.IsCompleted && result.Buffer.Length > Math.Max(_waiting, 0) ? new(result.Buffer, result.IsCanceled, isCompleted: false) : result;
    }
}
