/*
 * LockFreeChannel (src/TelemetryExtension/Buffering) for SPIN, with the reordering that Arm allows and that tests on x86 cannot show.
 * docs/decisions/0002 has the argument in words; check.sh runs this as it is, and once more with each ordering taken out (-D).
 *
 * SPIN itself interleaves in program order. What Arm adds is modelled by hand:
 *   - A store waits in a buffer of its thread until it is committed at any later moment. The owner sees its own buffered stores.
 *   - A release store commits after all earlier stores of its thread. Without release, two buffered stores commit in any order.
 *   - A load without acquire may be done before the load that guards it.
 *   - A read-modify-write (compare-exchange, exchange, or) drains the thread's own buffer: .NET makes it a full fence.
 *   - MemoryBarrierProcessWide drains the buffers of all threads.
 *
 * Checked: every item is read once, in the order of its writer, with the value that was written; nobody waits for ever (an invalid end state);
 * the channel is completed once it is closed and drained.
 */

#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef ITEMS
#define ITEMS 2 /* of each writer */
#endif
#define READER WRITERS
#define THREADS (WRITERS + 1)
#define NOTHING 15
#define SLOT(position) ((position) % CAPACITY)
#define FREE(position) (2 * ((position) / CAPACITY))

/* Memory. A turn is FREE(position), FREE + 1 when published, FREE + 2 when read. */
byte item[CAPACITY];
byte turn[CAPACITY];
byte tail;
bool closed;
byte head;
byte awaited = NOTHING;
byte space;             /* 0, or the number of the signal that writers wait for */

/* Signals between threads: ordered by the runtime, not part of the algorithm. */
byte signals;           /* made so far */
bool signalled[8];
bool readable;          /* the reader's wait is over */
byte completed;
byte written;           /* writers that have ended */

/* Store buffers. A thread has at most one buffered store of each kind: the bound of this model. With CAPACITY 1 that is no restriction. */
bool itemPending[THREADS];  byte itemSlot[THREADS];  byte itemValue[THREADS];
bool turnPending[THREADS];  byte turnSlot[THREADS];  byte turnValue[THREADS];
bool headPending;           byte headValue;
bool awaitedPending;        byte awaitedValue;

byte drainAt;

inline commitItem(t) { item[itemSlot[t]] = itemValue[t]; itemPending[t] = false; }
inline commitTurn(t) { turn[turnSlot[t]] = turnValue[t]; turnPending[t] = false; }
inline commitHead() { head = headValue; headPending = false; }
inline commitAwaited() { awaited = awaitedValue; awaitedPending = false; }

inline drain(t) {
    if :: itemPending[t] -> commitItem(t) :: else fi;
    if :: turnPending[t] -> commitTurn(t) :: else fi;
    if :: t == READER && headPending -> commitHead() :: else fi;
    if :: t == READER && awaitedPending -> commitAwaited() :: else fi
}

inline barrierProcessWide() {
    d_step { drainAt = 0; do :: drainAt < THREADS -> drain(drainAt); drainAt++ :: else -> break od; drainAt = 0 }
}

/* What thread t sees of a slot's turn. */
#define TURN(t, slot) (turnPending[t] && turnSlot[t] == (slot) -> turnValue[t] : turn[slot])

/* Commits one thread's stores at any moment. */
proctype Memory(byte t) {
end:
    do
    :: atomic { itemPending[t] -> commitItem(t) }
#ifdef NO_RELEASE_PUBLISH
    :: atomic { turnPending[t] -> commitTurn(t) }
#else
    :: atomic { turnPending[t] && !itemPending[t] -> commitTurn(t) }
#endif
    :: atomic { t == READER && headPending && !turnPending[t] -> commitHead() }
    :: atomic { t == READER && awaitedPending && !headPending && !turnPending[t] -> commitAwaited() }
    od
}

proctype Writer(byte t) {
    byte number, position, seen, signal;
    do
    :: number < ITEMS ->
claim:
        atomic { position = tail; if :: closed -> goto ended :: else fi }
        seen = TURN(t, SLOT(position));
        if
        :: seen < FREE(position) -> goto waitForSpace
        :: seen > FREE(position) -> goto claim
        :: else
        fi;
        atomic {
            if :: closed || tail != position -> goto claim :: else -> drain(t); tail++ fi
        }
        /* Publish. The slot is ours: its last user's stores are in memory, or TURN above would not have been free. */
        d_step { itemPending[t] = true; itemSlot[t] = SLOT(position); itemValue[t] = 1 + t * ITEMS + number };
        d_step { turnPending[t] = true; turnSlot[t] = SLOT(position); turnValue[t] = FREE(position) + 1 };
        number++;
        if
        :: atomic { awaited == position -> drain(t);
            if :: awaited == position -> awaited = NOTHING; readable = true :: else fi }
        :: awaited != position
        fi
    :: else -> break
    od;
    goto ended;

waitForSpace: /* WaitForSpaceAsync */
    atomic {
        drain(t);
        if :: space == 0 -> signals++; space = signals :: else fi;
        signal = space
    }
#ifndef NO_BARRIER_SPACE
    barrierProcessWide();
#endif
    atomic { position = tail; if :: closed -> goto ended :: else fi }
    if
    :: TURN(t, SLOT(position)) < FREE(position) -> signalled[signal]
    :: else
    fi;
    goto claim;

ended:
    written++
}

proctype Reader() {
    byte position, value,
#ifdef NO_ACQUIRE_READ
        early,
#endif
        taken[WRITERS], t, writer;
read:
#ifdef NO_ACQUIRE_READ
    early = item[SLOT(position)];
#endif
    if
    :: TURN(READER, SLOT(position)) == FREE(position) + 1 ->
#if defined(NO_ACQUIRE_READ)
        value = early;
#elif !defined(NO_RELEASE_FREE)
        value = item[SLOT(position)];
#endif
        /* One turn is buffered at a time: the older one commits first, as release stores do. */
        d_step { if :: turnPending[READER] -> commitTurn(READER) :: else fi;
            turnPending[READER] = true; turnSlot[READER] = SLOT(position); turnValue[READER] = FREE(position) + 2 };
#ifdef NO_RELEASE_FREE
        value = item[SLOT(position)]; /* the load is done after the store that gives the slot away */
#endif
        assert(value > 0);
        writer = (value - 1) / ITEMS;
        assert((value - 1) % ITEMS == taken[writer]); /* neither lost, nor twice, nor out of order */
        taken[writer]++;
        position++;
        d_step { if :: headPending -> commitHead() :: else fi; headPending = true; headValue = position };
        if
        :: atomic { space != 0 -> drain(READER); if :: space != 0 -> signalled[space] = true; space = 0 :: else fi }
        :: space == 0
        fi;
        if :: atomic { closed && tail == position -> completed = 1 } :: !(closed && tail == position) fi;
        goto read
    :: else
    fi;
    /* WaitToReadAsync */
    if :: closed && tail == position -> goto ended :: else fi;
    d_step { awaitedPending = true; awaitedValue = position };
#ifndef NO_BARRIER_READ
    barrierProcessWide();
#endif
    if
    :: TURN(READER, SLOT(position)) == FREE(position) + 1 || (closed && tail == position) ->
        atomic {
            drain(READER);
            if :: awaited == position -> awaited = NOTHING; goto read :: else fi
        }
    :: else
    fi;
    atomic { readable -> readable = false };
    goto read;

ended:
    t = 0;
    do
    :: t < WRITERS -> assert(taken[t] <= ITEMS); t++
    :: else -> break
    od;
    completed == 1
}

proctype Completer() {
    byte last;
#ifdef CLOSE_EARLY
    skip;
#else
    written == WRITERS;
#endif
    atomic { closed = true; last = tail };
    atomic { if :: space != 0 -> signalled[space] = true; space = 0 :: else fi };
#ifndef NO_BARRIER_COMPLETE
    barrierProcessWide();
#endif
    if :: head == last -> completed = 1 :: else fi;
    if
    :: atomic { awaited == last -> awaited = NOTHING; readable = true }
    :: awaited != last
    fi
}

init {
    byte t;
    atomic {
        do
        :: t < WRITERS -> run Writer(t); run Memory(t); t++
        :: else -> break
        od;
        run Reader(); run Memory(READER); run Completer()
    }
}
