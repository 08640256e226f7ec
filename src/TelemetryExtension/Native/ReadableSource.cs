using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace TelemetryExtension.Native;

/// <summary>The awaitable of <see cref="PollLoop.ReadableAsync"/>, used again for each wait. Its continuation runs where it is completed.</summary>
internal sealed class ReadableSource : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private Socket? _awaited;

    /// <summary>Null when nobody waits.</summary>
    public Socket? Awaited => Volatile.Read(ref _awaited);

    public ValueTask Await(Socket socket)
    {
        _core.Reset();
        Volatile.Write(ref _awaited, socket);
        return new(this, _core.Version);
    }

    /// <summary>Ends the wait for this socket, if that is still awaited.</summary>
    public void Complete(Socket socket)
    {
        if (Interlocked.CompareExchange(ref _awaited, null, socket) == socket)
            _core.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
