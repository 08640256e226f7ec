using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace TelemetryExtension.Buffering;

/// <summary>
/// A bounded channel for many writers and one reader that takes no lock: <see cref="Channel.CreateBounded{T}(int)"/> and CreateUnbounded lock on
/// every write. The capacity is rounded up to a power of two. Semantics are those of the BCL's channels: completion refuses new items at once, and
/// Completion ends when the last item has been read.
/// <para>
/// A writer claims a position by moving the tail, fills its slot, then publishes it by setting the slot's turn. It retries only when another writer
/// was faster, and never waits for another thread. The reader takes positions in order. A slot that is claimed but not yet published counts as empty,
/// even if later slots are published: TryRead returns false and does not spin, and the publication of exactly that slot wakes a waiting reader. So
/// order holds per writer, and a writer that was preempted in between delays only the reader.
/// </para>
/// <para>
/// No wake-up is lost. A thread that waits or completes first announces it, then checks again whether it must. A thread that writes or reads first
/// publishes, then looks for an announcement. Both sides store, then load, and need a full fence in between, or each may miss the other. Writes and
/// reads are frequent, waits are rare. So the waiting side pays for both with <see cref="Interlocked.MemoryBarrierProcessWide"/> (membarrier(2), some
/// microseconds), which makes every running thread execute a fence. A write costs one compare-exchange, a read none. When both sides see each other,
/// a compare-exchange decides which one acts.
/// </para>
/// </summary>
internal sealed partial class LockFreeChannel<T> : Channel<T>
{
    /// <summary>The position of no item.</summary>
    private const long Nothing = -1;

    /// <summary>
    /// The tail's sign bit. One word holds the next position and whether the channel is closed, so no write can succeed after completion.
    /// </summary>
    private const long ClosedBit = long.MinValue;

    private readonly Slot[] _slots;
    private readonly int _mask;
    private readonly int _lapShift;
    private readonly RingReader _reader;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The position that the waiting reader needs. It changes only around a wait, so writers mostly share its cache line unchanged.
    /// </summary>
    private long _awaited = Nothing;

    /// <summary>Not null while writers wait for space. The read that frees space completes it.</summary>
    private TaskCompletionSource? _space;

    private Closing? _closing;
    private CacheLine _tail;
    private CacheLine _head;

    public LockFreeChannel(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 30);
        Capacity = (int)BitOperations.RoundUpToPowerOf2((uint)capacity);
        // Turns start at 0, which means free in lap 0. So the array needs no initialization, and untouched pages cost nothing at start-up.
        _slots = new Slot[Capacity];
        _mask = Capacity - 1;
        _lapShift = BitOperations.Log2((uint)Capacity);
        Reader = _reader = new(this);
        Writer = new RingWriter(this);
    }

    public int Capacity { get; }

    /// <summary>Items that are claimed and not yet read. Other threads may change it at once.</summary>
    public int Count
    {
        get
        {
            // Read the head first. It only grows, so the difference cannot become negative.
            var head = Volatile.Read(ref _head.Value);
            return (int)Math.Min((Volatile.Read(ref _tail.Value) & ~ClosedBit) - head, Capacity);
        }
    }

    /// <summary>False when full or completed.</summary>
    public bool TryWrite(in T item)
    {
        if (!TryClaim(out var position))
            return false;
        Publish(position, in item);
        return true;
    }

    /// <summary>The first half of a write: claims a position, which the caller must then publish.</summary>
    internal bool TryClaim(out long position)
    {
        position = Volatile.Read(ref _tail.Value);
        while (position >= 0)
        {
            var free = FreeTurn(position);
            var turn = Volatile.Read(ref _slots[(int)position & _mask].Turn);
            // An older turn: the reader has not read the item of the previous lap. No writer can have claimed this position, so the tail still stands
            // here, and the channel was full at that moment.
            if (turn < free)
                return false;
            if (turn > free)
            {
                position = Volatile.Read(ref _tail.Value);
                continue;
            }

            var seen = Interlocked.CompareExchange(ref _tail.Value, position + 1, position);
            if (seen == position)
                return true;
            position = seen;
        }

        return false;
    }

    /// <summary>The second half of a write.</summary>
    internal void Publish(long position, in T item)
    {
        ref var slot = ref _slots[(int)position & _mask];
        slot.Item = item;
        Volatile.Write(ref slot.Turn, FreeTurn(position) + 1);

        // Pairs with WaitToReadAsync.
        if (Volatile.Read(ref _awaited) == position && TryTakeWait(position))
            _reader.SetReadable();
    }

    /// <summary>Takes the next item. One caller at a time.</summary>
    public bool TryRead(out T item)
    {
        var head = _head.Value;
        ref var slot = ref _slots[(int)head & _mask];
        if (Volatile.Read(ref slot.Turn) != FreeTurn(head) + 1)
        {
            item = default!;
            return false;
        }

        item = slot.Item;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            slot.Item = default!;
        Volatile.Write(ref slot.Turn, FreeTurn(head) + 2);
        Volatile.Write(ref _head.Value, head + 1);

        // Pairs with WaitForSpaceAsync and TryComplete.
        if (Volatile.Read(ref _space) is not null)
            Interlocked.Exchange(ref _space, null)?.TrySetResult();
        if (IsDrained(head + 1))
            SetCompleted();
        return true;
    }

    /// <summary>Looks at an item without taking it. One caller at a time, and never beside a read.</summary>
    /// <param name="ahead">How many items come before it. At most <see cref="Count"/>.</param>
    public bool TryPeek(out T item, int ahead = 0)
    {
        var head = _head.Value + ahead;
        ref var slot = ref _slots[(int)head & _mask];
        var published = Volatile.Read(ref slot.Turn) == FreeTurn(head) + 1;
        item = published ? slot.Item : default!;
        return published;
    }

    private bool TryComplete(Exception? error)
    {
        var first = Interlocked.CompareExchange(ref _closing, new Closing(error), null) is null;
        // A caller that loses this race also sets the bit: no write may succeed after it returns.
        var end = Interlocked.Or(ref _tail.Value, ClosedBit) & ~ClosedBit;
        if (!first)
            return false;
        Interlocked.Exchange(ref _space, null)?.TrySetResult();
        Interlocked.MemoryBarrierProcessWide();
        // Slots that are claimed but not yet published keep the channel open. Reading the last one completes it.
        if (Volatile.Read(ref _head.Value) == end)
            SetCompleted();
        // A wait for a smaller position ends when that position is published.
        if (Volatile.Read(ref _awaited) == end && TryTakeWait(end))
            _reader.SetClosed(error);
        return true;
    }

    /// <summary>Ends an announced wait. Only one of the writer, the completion, the cancellation and the reader succeeds.</summary>
    private bool TryTakeWait(long position) => Interlocked.CompareExchange(ref _awaited, Nothing, position) == position;

    private bool IsPublished(long position) => Volatile.Read(ref _slots[(int)position & _mask].Turn) == FreeTurn(position) + 1;

    private bool IsDrained(long head) => Volatile.Read(ref _tail.Value) == (head | ClosedBit);

    private void SetCompleted()
    {
        switch (Volatile.Read(ref _closing)?.Error)
        {
            case null:
                _completion.TrySetResult();
                break;
            case OperationCanceledException canceled:
                _completion.TrySetCanceled(canceled.CancellationToken);
                break;
            case var error:
                // Nobody has to look at Completion. Reading the exception keeps it out of UnobservedTaskException.
                if (_completion.TrySetException(error))
                    _ = _completion.Task.Exception;
                break;
        }
    }

    /// <summary>
    /// The turn of a position's slot while a writer may claim it. One more means published, two more means read: free in the next lap.
    /// </summary>
    private long FreeTurn(long position) => position >> _lapShift << 1;

    private struct Slot
    {
        public long Turn;
        public T Item;
    }

    /// <summary>How the channel was completed. The first caller wins.</summary>
    private sealed record Closing(Exception? Error)
    {
        /// <summary>The result of a wait on a closed channel.</summary>
        public ValueTask<bool> Answer => Error is null ? new(false) : ValueTask.FromException<bool>(Error);
    }
}
