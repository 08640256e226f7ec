using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Native;

namespace TelemetryExtension.Tests.Native;

public sealed class PollLoopTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TaskCompletionSource<Exception> _bug = new();
    private readonly PollLoop _loop;
    private readonly Socket _near;
    private readonly Socket _far;

    public PollLoopTests()
    {
        _loop = new(TimeProvider.System, bug => _bug.TrySetResult(bug));
        _loop.Start();
        (_near, _far) = Pair();
    }

    [Fact]
    public async Task ReadableAsync_BytesCome_CompletesOnTheLoop()
    {
        var loop = await OnLoopAsync();
        for (byte i = 0; i < 3; i++)
        {
            var readable = ThreadOfReadableAsync();
            _far.Send([i]);
            Assert.Equal(loop, await readable.WaitAsync(Patience, TestContext.Current.CancellationToken));
            var buffer = new byte[1];
            Assert.Equal((1, i), (_near.Receive(buffer), buffer[0]));
        }
    }

    [Fact]
    public async Task ReadableAsync_BytesAreThere_CompletesAtOnce()
    {
        _far.Send([1]);
        await ThreadOfReadableAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadableAsync_PeerEnds_Completes(bool isReset)
    {
        var readable = ThreadOfReadableAsync();
        if (isReset)
            _far.Close(timeout: 0);
        else
            _far.Shutdown(SocketShutdown.Send);
        await readable.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>What a socket throws is its own matter: the loop goes on without it.</summary>
    [Fact]
    public async Task Watched_Throws_IsForgottenAndTheOthersAreServed()
    {
        var (near, far) = Pair();
        using (near)
        using (far)
        {
            _loop.Post(() => _loop.Watch(new Broken(near)));
            far.Send([1]);
            Assert.IsType<InvalidOperationException>(await _bug.Task.WaitAsync(Patience, TestContext.Current.CancellationToken));
            _far.Send([1]);
            await ThreadOfReadableAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Post_Throws_TheNextIsRun()
    {
        _loop.Post(static () => throw new InvalidOperationException());
        await OnLoopAsync();
        Assert.True(_bug.Task.IsCompleted);
    }

    [Fact]
    public async Task Post_FromTheLoopItself_IsRunWithoutAnotherEvent()
    {
        var ran = new TaskCompletionSource();
        _loop.Post(() => _loop.Post(ran.SetResult));
        await ran.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ReadableAsync_SocketIsClosedHere_Completes()
    {
        var readable = ThreadOfReadableAsync();
        _near.Dispose();
        _loop.Post(static () => { });
        await readable.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>The number of a closed descriptor may be another's by now.</summary>
    [Fact]
    public async Task Watched_SocketIsClosed_IsNotPolled()
    {
        var (near, far) = Pair();
        far.Dispose();
        near.Dispose();
        _loop.Post(() => _loop.Watch(new Broken(near)));
        await OnLoopAsync();
        _far.Send([1]);
        await ThreadOfReadableAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(_bug.Task.IsCompleted);
    }

    public void Dispose()
    {
        _loop.End();
        _near.Dispose();
        _far.Dispose();
    }

    private static (Socket Near, Socket Far) Pair()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        far.Connect(listener.LocalEndpoint);
        return (listener.AcceptSocket(), far);
    }

    private async Task<int> ThreadOfReadableAsync()
    {
        await _loop.ReadableAsync(_near).ConfigureAwait(false);
        return Environment.CurrentManagedThreadId;
    }

    private Task<int> OnLoopAsync()
    {
        var thread = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => thread.SetResult(Environment.CurrentManagedThreadId));
        return thread.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private sealed class Broken(Socket socket) : IWatched
    {
        public Socket Socket => socket;

        public bool IsWaiting => true;

        public bool IsTimed => false;

        public void OnReadable() => throw new InvalidOperationException();

        public void OnTick()
        {
        }
    }
}
