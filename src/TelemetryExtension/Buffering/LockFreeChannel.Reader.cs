using System.Threading.Channels;
using System.Threading.Tasks.Sources;

namespace TelemetryExtension.Buffering;

internal sealed partial class LockFreeChannel<T>
{
    /// <summary>
    /// The one reader. It may move between threads but must not run on two at once. It is also the source of its own wait and reuses it, so a wait
    /// allocates nothing. A second wait while one is pending throws, and the ValueTask must be awaited once, as the rules for ValueTask say.
    /// </summary>
    private sealed class RingReader(LockFreeChannel<T> channel) : ChannelReader<T>, IValueTaskSource<bool>
    {
        // Writers must not run the reader's code inside their TryWrite.
        private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
        private CancellationTokenRegistration _registration;
        private int _waiting;

        public override bool CanCount => true;

        public override bool CanPeek => true;

        public override int Count => channel.Count;

        public override Task Completion => channel._completion.Task;

        public override bool TryRead(out T item) => channel.TryRead(out item);

        public override bool TryPeek(out T item) => channel.TryPeek(out item);

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
        {
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled<bool>(cancellationToken);
            var head = channel._head.Value;
            if (channel.IsPublished(head))
                return new(true);
            if (channel.IsDrained(head))
                return Closed();
            if (Interlocked.Exchange(ref _waiting, 1) != 0)
                return ValueTask.FromException<bool>(new InvalidOperationException("The channel has one reader, and it already waits."));

            _wait.Reset();
            Volatile.Write(ref channel._awaited, head);
            Interlocked.MemoryBarrierProcessWide();
            var readable = channel.IsPublished(head);
            if ((readable || channel.IsDrained(head)) && channel.TryTakeWait(head))
            {
                Volatile.Write(ref _waiting, 0);
                return readable ? new(true) : Closed();
            }

            // A writer may wake the reader before this line. A cancellation then finds no wait to take.
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static (self, token) => ((RingReader)self!).Cancel(token), this);
            return new(this, _wait.Version);
        }

        public void SetReadable() => _wait.SetResult(true);

        public void SetClosed(Exception? error)
        {
            if (error is null)
                _wait.SetResult(false);
            else
                _wait.SetException(error);
        }

        ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

        void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _wait.OnCompleted(continuation, state, token, flags);

        bool IValueTaskSource<bool>.GetResult(short token)
        {
            if (_wait.GetStatus(token) == ValueTaskSourceStatus.Pending)
                throw new InvalidOperationException("The wait has not completed.");
            // Blocks until a running callback ends, so that a cancellation of this wait cannot hit the next one.
            _registration.Dispose();
            _registration = default;
            try
            {
                return _wait.GetResult(token);
            }
            finally
            {
                Volatile.Write(ref _waiting, 0);
            }
        }

        private void Cancel(CancellationToken cancellationToken)
        {
            var position = Volatile.Read(ref channel._awaited);
            if (position != Nothing && channel.TryTakeWait(position))
                _wait.SetException(new OperationCanceledException(cancellationToken));
        }

        private ValueTask<bool> Closed() => Volatile.Read(ref channel._closing)!.Answer;
    }
}
