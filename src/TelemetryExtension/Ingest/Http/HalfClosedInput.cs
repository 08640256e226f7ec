using System.Buffers;
using System.IO.Pipelines;

namespace TelemetryExtension.Ingest.Http;

/// <summary>
/// Passes on every byte that a connection received before it reports the connection's end. Kestrel drops a complete request when its last bytes
/// arrive together with the end.
/// <para>
/// The client that needs this is the SDK of a function that crashes, exits or is killed at its timeout: the kernel still holds its last export,
/// which is the one that explains the crash, and closes the socket behind it. No OTLP SDK closes only its sending side on purpose.
/// </para>
/// </summary>
internal sealed class HalfClosedInput(PipeReader reader) : PipeReader
{
    private ReadOnlySequence<byte> _returned;

    /// <summary>Bytes that the server examined and left until more arrive; -1 when it may not have examined all of them.</summary>
    private long _waiting = -1;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        HideEnd(await reader.ReadAsync(cancellationToken).ConfigureAwait(false));

    public override bool TryRead(out ReadResult result)
    {
        var isRead = reader.TryRead(out result);
        if (isRead)
            result = HideEnd(result);
        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _waiting = _returned.Slice(examined).IsEmpty ? _returned.Slice(consumed).Length : -1;
        _returned = default;
        reader.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null) => reader.Complete(exception);

    /// <summary>Reports the end only when the server has nothing new to examine.</summary>
    private ReadResult HideEnd(ReadResult result)
    {
        _returned = result.Buffer;
        return result.IsCompleted && result.Buffer.Length > Math.Max(_waiting, 0) ? new(result.Buffer, result.IsCanceled, isCompleted: false) : result;
    }
}
