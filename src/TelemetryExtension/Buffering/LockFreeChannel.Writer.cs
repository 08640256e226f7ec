using System.Threading.Channels;

namespace TelemetryExtension.Buffering;

internal sealed partial class LockFreeChannel<T>
{
    private sealed class RingWriter(LockFreeChannel<T> channel) : ChannelWriter<T>
    {
        public override bool TryWrite(T item) => channel.TryWrite(in item);

        public override bool TryComplete(Exception? error = null) => channel.TryComplete(error);

        /// <summary>True when there is space, which another writer may take first. False, or the completion's error, after completion.</summary>
        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
        {
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled<bool>(cancellationToken);
            return Look() ?? WaitForSpaceAsync(cancellationToken);
        }

        private async ValueTask<bool> WaitForSpaceAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                // All waiting writers share one signal. A writer that wakes up checks for space again.
                var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var signal = Interlocked.CompareExchange(ref channel._space, fresh, null) ?? fresh;
                // A read that frees a slot after this check finds the signal. If another read took the signal before, it is set or about to be set.
                Interlocked.MemoryBarrierProcessWide();
                if (Look() is { } answer)
                    return await answer.ConfigureAwait(false);
                await signal.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>Answers now, or returns null when the channel is full.</summary>
        private ValueTask<bool>? Look()
        {
            while (true)
            {
                var tail = Volatile.Read(ref channel._tail.Value);
                if (tail < 0)
                    return Volatile.Read(ref channel._closing)!.Answer;
                var turn = Volatile.Read(ref channel._slots[(int)tail & channel._mask].Turn);
                if (turn < channel.FreeTurn(tail))
                    return null;
                if (turn == channel.FreeTurn(tail))
                    return new ValueTask<bool>(true);
            }
        }
    }
}
