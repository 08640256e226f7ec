using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace TelemetryExtension.Buffering;

/// <summary>
/// A bounded channel for many writers and one reader that takes no lock: <see cref="Channel.CreateBounded{T}(int)"/> and
/// CreateUnbounded lock on every write. The capacity is rounded up to a power of two. Semantics are those of the BCL's channels:
/// completion refuses new items at once, and Completion ends when the last item has been read.
/// <para>
/// A writer claims a position by moving the tail, fills its slot, then publishes it by the slot's turn. It retries only when another
/// writer got in before it, and never waits for anybody. The reader takes positions in order. A slot that is claimed but not yet
/// published counts as empty, also when later ones are published already: TryRead answers false and does not spin,
/// and a reader that waits is woken by exactly that writer's publication. So order is kept per writer, and
/// a writer that was preempted in between delays the reader but nobody else.
/// </para>
/// <para>
/// No wake-up is lost: whoever waits or completes first announces it, then looks whether there is still reason to; whoever writes or
/// reads first publishes, then looks for an announcement. Store, then load, on both sides: each needs a full fence in between, or
/// both may miss each other. Writes and reads are many, waits few. So the waiting side pays for both, with
/// <see cref="Interlocked.MemoryBarrierProcessWide"/> (membarrier(2), some microseconds), which makes every running thread
/// fence; a write costs one compare-exchange and a read none. When both see each other, a compare-exchange decides who acts.
/// </para>
/// </summary>
internal sealed partial class LockFreeChannel<T> : Channel<T>
{
    /// <summary>No position of any item.</summary>
    private const long Nothing = -1;

    /// <summary>The tail's sign bit: one word decides both "who is next" and "is it closed", so no write can slip past a completion.</summary>
    private const long ClosedBit = long.MinValue;

    private readonly Slot[] _slots;
    private readonly int _mask;
    private readonly int _lapShift;
    private readonly RingReader _reader;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The position the waiting reader needs; written only around a wait, so writers mostly share it unchanged.</summary>
    private long _awaited = Nothing;

    /// <summary>Present while writers wait for space; set once, by the read that made some.</summary>
    private TaskCompletionSource? _space;

    private Closing? _closing;
    private CacheLine _tail;
    private CacheLine _head;

    public LockFreeChannel(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 30);
        Capacity = (int)BitOperations.RoundUpToPowerOf2((uint)capacity);
        // Turns start at 0 = free in lap 0: the array is used as allocated, untouched pages cost nothing at start-up.
        _slots = new Slot[Capacity];
        _mask = Capacity - 1;
        _lapShift = BitOperations.Log2((uint)Capacity);
        Reader = _reader = new(this);
        Writer = new RingWriter(this);
    }

    public int Capacity { get; }

    /// <summary>Items claimed and not yet read; exact for a moment that may be over.</summary>
    public int Count
    {
        get
        {
            // Head first: it only grows, so the difference cannot become negative.
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

    /// <summary>The first half of a write: takes a position, which the caller must then publish.</summary>
    internal bool TryClaim(out long position)
    {
        position = Volatile.Read(ref _tail.Value);
        while (position >= 0)
        {
            var free = FreeTurn(position);
            var turn = Volatile.Read(ref _slots[(int)position & _mask].Turn);
            // An older turn: the item one lap ago has not been read. Nobody can have claimed this position then, so the
            // tail still stands here, and the channel was full at that moment.
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

    /// <summary>Takes the next item; only ever one caller at a time.</summary>
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

    public bool TryPeek(out T item)
    {
        var head = _head.Value;
        ref var slot = ref _slots[(int)head & _mask];
        var published = Volatile.Read(ref slot.Turn) == FreeTurn(head) + 1;
        item = published ? slot.Item : default!;
        return published;
    }

    private bool TryComplete(Exception? error)
    {
        var first = Interlocked.CompareExchange(ref _closing, new Closing(error), null) is null;
        // Who lost the race closes too: when it returns, no write may succeed any more.
        var end = Interlocked.Or(ref _tail.Value, ClosedBit) & ~ClosedBit;
        if (!first)
            return false;
        Interlocked.Exchange(ref _space, null)?.TrySetResult();
        Interlocked.MemoryBarrierProcessWide();
        // Claimed slots that are not yet published keep the channel open for the reader; the read of the last one completes it.
        if (Volatile.Read(ref _head.Value) == end)
            SetCompleted();
        // Waits for a smaller position end with its publication.
        if (Volatile.Read(ref _awaited) == end && TryTakeWait(end))
            _reader.SetClosed(error);
        return true;
    }

    /// <summary>Exactly one of the writer, the completion, the cancellation and the reader itself ends an announced wait.</summary>
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
                // Nobody has to look at Completion: marking the exception as observed keeps it out of UnobservedTaskException.
                if (_completion.TrySetException(error))
                    _ = _completion.Task.Exception;
                break;
        }
    }

    /// <summary>The turn of a position's slot while it may be claimed; one more when published, two more (the next lap) when read.</summary>
    private long FreeTurn(long position) => position >> _lapShift << 1;

    private struct Slot
    {
        public long Turn;
        public T Item;
    }

    /// <summary>How the channel was completed; the first to say so wins.</summary>
    private sealed record Closing(Exception? Error)
    {
        /// <summary>What a wait answers on a closed channel.</summary>
        public ValueTask<bool> Answer => Error is null ? new(false) : ValueTask.FromException<bool>(Error);
    }
}
