using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// One thread that waits for all of Lambda's local sockets with poll(2). An invocation of a few log lines then needs no other thread: .NET's own
/// sockets hand each event from an epoll thread to the thread pool, which cost half of the CPU of such an invocation.
/// </summary>
/// <param name="onBug">Gets what a watched socket threw. That socket is not watched any more.</param>
internal sealed partial class PollLoop(TimeProvider time, Action<Exception> onBug)
{
    private const short Input = 1;
    private const int Forever = -1;
    private const int Interrupted = 4;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int Pause = 100;

    /// <summary>The wake-up descriptor and the socket that somebody awaits come before the watched ones.</summary>
    private const int FirstWatched = 2;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    // Large enough to need no memory later, also where there is none left.
    private readonly List<Action> _posted = new(64);
    private readonly List<Action> _running = new(64);
    private readonly List<IWatched> _watched = [];
    private readonly List<IWatched> _polled = [];
    private readonly ReadableSource _readable = new();
    private PollDescriptor[] _descriptors = new PollDescriptor[8];
    private int _wakeUp = -1;
    private int _thread;
    private long _lastTick;
    private bool _isTimed;
    private volatile bool _isEnded;

    /// <summary>Before <see cref="Start"/>, or on the loop's thread.</summary>
    public void Watch(IWatched watched) => _watched.Add(watched);

    /// <summary>On the loop's thread.</summary>
    public void Forget(IWatched watched) => _watched.Remove(watched);

    /// <exception cref="IOException">There is no descriptor left.</exception>
    public void Start()
    {
        _wakeUp = EventDescriptor(0, NonBlocking | CloseOnExec);
        if (_wakeUp < 0)
            throw new IOException($"eventfd failed: {Marshal.GetLastPInvokeErrorMessage()}");
        new Thread(Run) { IsBackground = true }.Start();
    }

    /// <summary>Runs an action on the loop's thread soon. From any thread.</summary>
    public void Post(Action action)
    {
        lock (_gate)
            _posted.Add(action);
        // Also from the loop's own thread, which would otherwise wait for a socket first.
        WriteWakeUp();
    }

    /// <summary>
    /// Completes on the loop's thread when the socket can be read or has ended. What follows runs there too: it must be short, or continue elsewhere.
    /// One caller at a time.
    /// </summary>
    public ValueTask ReadableAsync(Socket socket)
    {
        var readable = _readable.Await(socket);
        WakeUp();
        return readable;
    }

    /// <summary>
    /// Ends the thread soon. Nobody serves the watched sockets any more, but they stay open. The wake-up descriptor stays open too, because another thread
    /// may be about to write to it.
    /// </summary>
    public void End()
    {
        _isEnded = true;
        WakeUp();
    }

    public bool IsEnded => _isEnded;

    private void WakeUp()
    {
        if (Environment.CurrentManagedThreadId != Volatile.Read(ref _thread))
            WriteWakeUp();
    }

    private void WriteWakeUp()
    {
        var one = 1L;
        _ = Write(_wakeUp, in one, sizeof(long));
    }

    private void Run()
    {
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        while (!_isEnded)
        {
            try
            {
                RunOnce();
            }
            catch (Exception e)
            {
                // On a thread of its own any exception would end the process. Without a pause one that repeats would take the CPU.
                Report(e);
                _ = Poll(ref _descriptors[0], 0, Pause);
            }
        }
    }

    private void RunOnce()
    {
        var awaited = Collect();
        // A closed socket has ended, and poll would never say so.
        var hasEnded = awaited is not null && _descriptors[1].Descriptor < 0;
        var limit = hasEnded ? 0 : _isTimed ? (int)Tick.TotalMilliseconds : Forever;
        var count = Poll(ref _descriptors[0], (nuint)(FirstWatched + _polled.Count), limit);
        if (count < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw new IOException($"poll failed: {Marshal.GetLastPInvokeErrorMessage()}");
            return;
        }

        if (_descriptors[0].Returned != 0)
            RunPosted();
        for (var i = 0; i < _polled.Count; i++)
            if (_descriptors[FirstWatched + i].Returned != 0)
                Guarded(_polled[i], static watched => watched.OnReadable());
        if (_isTimed && time.GetElapsedTime(_lastTick) >= Tick)
            RunTicks();
        // Last, so that what the platform sent before an event has been read when the event is handled.
        if (awaited is not null && (hasEnded || _descriptors[1].Returned != 0))
            _readable.Complete(awaited);
    }

    /// <summary>Fills the array for poll. Returns the socket that somebody awaits.</summary>
    private Socket? Collect()
    {
        _polled.Clear();
        var isTimed = false;
        foreach (var watched in _watched)
        {
            isTimed |= watched.IsTimed;
            if (watched.IsWaiting)
                _polled.Add(watched);
        }

        if (isTimed && !_isTimed)
            _lastTick = time.GetTimestamp();
        _isTimed = isTimed;
        if (_descriptors.Length < FirstWatched + _polled.Count)
            Array.Resize(ref _descriptors, 2 * (FirstWatched + _polled.Count));
        var awaited = _readable.Awaited;
        _descriptors[0] = new(_wakeUp);
        // Poll ignores a negative descriptor.
        _descriptors[1] = new(awaited is null ? -1 : DescriptorOf(awaited));
        for (var i = 0; i < _polled.Count; i++)
            _descriptors[FirstWatched + i] = new(DescriptorOf(_polled[i].Socket));
        return awaited;
    }

    /// <summary>-1, which poll ignores, for a closed socket: the kernel may have given its descriptor to another one.</summary>
    private static int DescriptorOf(Socket socket) => socket.SafeHandle.IsClosed ? -1 : (int)socket.SafeHandle.DangerousGetHandle();

    private void RunPosted()
    {
        _ = Read(_wakeUp, out _, sizeof(long));
        lock (_gate)
        {
            _running.AddRange(_posted);
            _posted.Clear();
        }

        foreach (var action in _running)
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                Report(e);
            }
        }

        _running.Clear();
    }

    private void RunTicks()
    {
        _lastTick = time.GetTimestamp();
        // From the end, because a connection that a tick closes is forgotten.
        for (var i = _watched.Count - 1; i >= 0; i--)
            if (_watched[i].IsTimed)
                Guarded(_watched[i], static watched => watched.OnTick());
    }

    private void Guarded(IWatched watched, Action<IWatched> call)
    {
        try
        {
            call(watched);
        }
        catch (Exception e)
        {
            Forget(watched);
            Report(e);
        }
    }

    private void Report(Exception bug)
    {
        try
        {
            onBug(bug);
        }
        catch (Exception)
        {
            // Logging fails when memory is short, and the loop must go on.
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor(int descriptor)
    {
        public int Descriptor = descriptor;
        public short Wanted = Input;
        public short Returned = 0;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, in long value, nuint size);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, out long value, nuint size);
}
