using System.Threading.Channels;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Tests.Buffering;

public sealed class LockFreeChannelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static CancellationToken TestToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(8192, 8192)]
    [InlineData(8193, 16384)]
    public void Capacity_AnyNumber_IsRoundedUpToPowerOfTwo(int asked, int given)
    {
        var channel = new LockFreeChannel<int>(asked);

        var written = 0;
        while (channel.Writer.TryWrite(written))
            written++;

        Assert.Equal(given, channel.Capacity);
        Assert.Equal(given, written);
        Assert.Equal(given, channel.Reader.Count);
    }

    [Fact]
    public void TryRead_ManyLaps_KeepsOrder()
    {
        var channel = new LockFreeChannel<int>(2);
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(channel.Writer.TryWrite(i));
            Assert.True(channel.Writer.TryWrite(-i));
            Assert.False(channel.Writer.TryWrite(0));
            Assert.True(channel.Reader.TryPeek(out var peeked));
            Assert.True(channel.Reader.TryRead(out var first));
            Assert.True(channel.Reader.TryRead(out var second));
            Assert.False(channel.Reader.TryRead(out _));
            Assert.Equal((i, i, -i), (peeked, first, second));
        }
    }

    [Fact]
    public async Task WaitToReadAsync_SlotClaimedButNotPublished_IsWokenByThatWriterOnly()
    {
        var channel = new LockFreeChannel<string>(4);
        Assert.True(channel.TryClaim(out var slow));
        Assert.True(channel.Writer.TryWrite("second"));

        Assert.False(channel.Reader.TryRead(out _));
        Assert.False(channel.Reader.TryPeek(out _));
        var wait = channel.Reader.WaitToReadAsync(TestToken);
        Assert.True(channel.Writer.TryWrite("third"));
        Assert.False(wait.IsCompleted);

        channel.Publish(slow, "first");
        Assert.True(await wait.AsTask().WaitAsync(Patience, TestToken));
        Assert.Equal(["first", "second", "third"], Drain(channel.Reader));
    }

    [Fact]
    public async Task TryComplete_SlotClaimedButNotPublished_StaysOpenForThatItem()
    {
        var channel = new LockFreeChannel<string>(4);
        Assert.True(channel.TryClaim(out var slow));
        var wait = channel.Reader.WaitToReadAsync(TestToken);

        Assert.True(channel.Writer.TryComplete());
        Assert.False(channel.Writer.TryWrite("late"));
        Assert.False(wait.IsCompleted);
        Assert.False(channel.Reader.Completion.IsCompleted);

        channel.Publish(slow, "in time");
        Assert.True(await wait.AsTask().WaitAsync(Patience, TestToken));
        Assert.Equal(["in time"], Drain(channel.Reader));
        await channel.Reader.Completion.WaitAsync(Patience, TestToken);
        Assert.False(await channel.Reader.WaitToReadAsync(TestToken));
    }

    [Fact]
    public async Task WaitToReadAsync_SecondWait_IsRefusedAndTheFirstGoesOn()
    {
        var channel = new LockFreeChannel<int>(4);
        var first = channel.Reader.WaitToReadAsync(TestToken).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await channel.Reader.WaitToReadAsync(TestToken));

        Assert.True(channel.Writer.TryWrite(1));
        Assert.True(await first.WaitAsync(Patience, TestToken));
    }

    [Fact]
    public async Task WaitToReadAsync_Canceled_ThrowsWithTheTokenAndCanWaitAgain()
    {
        var channel = new LockFreeChannel<int>(4);
        for (var round = 0; round < 3; round++)
        {
            using var cancellation = new CancellationTokenSource();
            var wait = channel.Reader.WaitToReadAsync(cancellation.Token).AsTask();
            Assert.False(wait.IsCompleted);

            await cancellation.CancelAsync();

            var canceled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Patience, TestToken));
            Assert.Equal(cancellation.Token, canceled.CancellationToken);
        }

        var next = channel.Reader.WaitToReadAsync(TestToken).AsTask();
        Assert.True(channel.Writer.TryWrite(7));
        Assert.True(await next.WaitAsync(Patience, TestToken));
        Assert.Equal([7], Drain(channel.Reader));
    }

    [Fact]
    public async Task WaitToReadAsync_ManyWaits_AllocatesNothingPerWait()
    {
        var channel = new LockFreeChannel<int>(4);
        using var cancellation = new CancellationTokenSource();
        await Measure(100);

        var perWait = await Measure(1000) / 1000.0;

        // A box or a task per wait would take at least 64 bytes.
        Assert.True(perWait < 16, $"{perWait} bytes per wait");

        // These waits complete synchronously, so that everything stays on this thread and is measured.
        async Task<long> Measure(int waits)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < waits; i++)
            {
                var wait = channel.Reader.WaitToReadAsync(cancellation.Token);
                Assert.False(wait.IsCompleted);
                channel.TryWrite(i);
                if (!await wait || !channel.TryRead(out _))
                    return long.MaxValue;
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task TryComplete_WithItems_CompletesWhenTheLastIsRead()
    {
        var channel = new LockFreeChannel<int>(4);
        channel.Writer.TryWrite(1);
        channel.Writer.TryWrite(2);

        Assert.True(channel.Writer.TryComplete());
        Assert.False(channel.Writer.TryComplete());
        Assert.False(channel.Writer.TryWrite(3));
        Assert.False(await channel.Writer.WaitToWriteAsync(TestToken));

        Assert.True(channel.Reader.TryRead(out _));
        Assert.False(channel.Reader.Completion.IsCompleted);
        Assert.True(channel.Reader.TryRead(out _));
        Assert.True(channel.Reader.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task TryComplete_WithError_GivesTheErrorToEveryWait()
    {
        var channel = new LockFreeChannel<int>(1);
        channel.Writer.TryWrite(1);
        var write = channel.Writer.WaitToWriteAsync(TestToken).AsTask();
        var error = new InvalidOperationException("broken");

        Assert.True(channel.Writer.TryComplete(error));

        Assert.Same(error, await Assert.ThrowsAsync<InvalidOperationException>(() => write.WaitAsync(Patience, TestToken)));
        Assert.True(channel.Reader.TryRead(out _));
        Assert.Same(error, await Assert.ThrowsAsync<InvalidOperationException>(async () => await channel.Reader.WaitToReadAsync(TestToken)));
        Assert.Same(error, await Assert.ThrowsAsync<InvalidOperationException>(() => channel.Reader.Completion));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TryComplete_ReaderWaits_EndsTheWait(bool withError)
    {
        var channel = new LockFreeChannel<int>(4);
        var wait = channel.Reader.WaitToReadAsync(TestToken).AsTask();

        channel.Writer.TryComplete(withError ? new FormatException() : null);

        if (withError)
            await Assert.ThrowsAsync<FormatException>(() => wait.WaitAsync(Patience, TestToken));
        else
            Assert.False(await wait.WaitAsync(Patience, TestToken));
    }

    [Fact]
    public async Task WriteAsync_FullChannel_WaitsForSpaceAndThrowsWhenClosed()
    {
        var channel = new LockFreeChannel<int>(2);
        channel.Writer.TryWrite(1);
        channel.Writer.TryWrite(2);
        var third = channel.Writer.WriteAsync(3, TestToken).AsTask();
        Assert.False(third.IsCompleted);

        Assert.True(channel.Reader.TryRead(out _));
        await third.WaitAsync(Patience, TestToken);

        var fourth = channel.Writer.WriteAsync(4, TestToken).AsTask();
        channel.Writer.TryComplete();
        await Assert.ThrowsAsync<ChannelClosedException>(() => fourth.WaitAsync(Patience, TestToken));
        Assert.Equal([2, 3], Drain(channel.Reader));
    }

    [Fact]
    public async Task WaitToWriteAsync_Canceled_Throws()
    {
        var channel = new LockFreeChannel<int>(1);
        channel.Writer.TryWrite(1);
        using var cancellation = new CancellationTokenSource();
        var wait = channel.Writer.WaitToWriteAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Patience, TestToken));
    }

    [Fact]
    public void TryRead_ReferenceItem_IsNotKeptAlive()
    {
        var channel = new LockFreeChannel<object>(4);
        var reference = WriteAndRead(channel);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(reference.TryGetTarget(out _));
        GC.KeepAlive(channel);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference<object> WriteAndRead(LockFreeChannel<object> channel)
        {
            channel.Writer.TryWrite(new object());
            Assert.True(channel.Reader.TryRead(out var item));
            return new(item);
        }
    }

    private static List<T> Drain<T>(ChannelReader<T> reader)
    {
        var items = new List<T>();
        while (reader.TryRead(out var item))
            items.Add(item);
        return items;
    }
}
