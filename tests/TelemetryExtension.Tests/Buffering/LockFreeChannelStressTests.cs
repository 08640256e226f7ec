using TelemetryExtension.Buffering;

namespace TelemetryExtension.Tests.Buffering;

/// <summary>Several writer threads against one reader: every accepted item arrives once, complete, in its writer's order.</summary>
public sealed class LockFreeChannelStressTests
{
    private const int Writers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken TestToken => TestContext.Current.CancellationToken;

    /// <summary>Several words that must agree. A slot that is read before it is completely written would show.</summary>
    private readonly record struct Item(int Writer, int Number, long Check1, long Check2, long Check3)
    {
        public static Item Of(int writer, int number)
        {
            var check = ((long)writer << 32) | (uint)number;
            return new(writer, number, check, ~check, check);
        }

        public bool IsWhole => Of(Writer, Number) == this;
    }

    [Theory]
    [InlineData(1, 10_000)]
    [InlineData(2, 20_000)]
    [InlineData(8, 40_000)]
    [InlineData(1024, 150_000)]
    [Trait("Category", "Slow")]
    public async Task ManyWriters_SheddingWhenFull_EveryAcceptedItemIsReadOnceInOrder(int capacity, int perWriter)
    {
        var channel = new LockFreeChannel<Item>(capacity);
        var accepted = new int[Writers];
        var writers = Start(writer =>
        {
            for (var number = 1; number <= perWriter; number++)
                if (channel.TryWrite(Item.Of(writer, number)))
                    accepted[writer]++;
                else
                    Thread.Yield();
        });
        var reading = ReadAll(channel);

        await Finish(writers);
        channel.Writer.TryComplete();
        var read = await reading.WaitAsync(Patience, TestToken);

        Assert.Equal(accepted, read);
        // Not every writer succeeds: on a busy machine one may always find the channel full.
        Assert.True(accepted.Sum() >= capacity);
    }

    [Theory]
    [InlineData(1, 2_000)]
    [InlineData(2, 5_000)]
    [InlineData(64, 30_000)]
    public async Task ManyWriters_WaitingForSpace_EveryItemIsReadOnceInOrder(int capacity, int perWriter)
    {
        var channel = new LockFreeChannel<Item>(capacity);
        var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var number = 1; number <= perWriter; number++)
                await channel.Writer.WriteAsync(Item.Of(writer, number), TestToken);
        }, TestToken)).ToArray();
        var reading = ReadAll(channel);

        await Task.WhenAll(writing).WaitAsync(Patience, TestToken);
        channel.Writer.TryComplete();

        Assert.All(await reading.WaitAsync(Patience, TestToken), count => Assert.Equal(perWriter, count));
    }

    [Fact]
    public async Task TryComplete_RacingWriters_AcceptedIsReadAndRefusedIsNot()
    {
        for (var round = 0; round < 150; round++)
        {
            var channel = new LockFreeChannel<Item>(round % 2 == 0 ? 2 : 4096);
            var accepted = new int[Writers];
            var stop = 0;
            var writers = Start(writer =>
            {
                var number = 0;
                while (Volatile.Read(ref stop) == 0 && number < 100_000)
                    if (channel.TryWrite(Item.Of(writer, ++number)))
                        accepted[writer]++;
            });
            var reading = ReadAll(channel);
            var completers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                Thread.SpinWait(round * 20);
                var won = channel.Writer.TryComplete();
                // The loser of the race may rely on it too.
                Assert.False(channel.Writer.TryWrite(default));
                return won;
            }, TestToken)).ToArray();

            var wins = await Task.WhenAll(completers).WaitAsync(Patience, TestToken);
            Volatile.Write(ref stop, 1);
            var read = await reading.WaitAsync(Patience, TestToken);
            await Finish(writers);

            Assert.Single(wins, true);
            Assert.Equal(accepted, read);
            Assert.True(channel.Reader.Completion.IsCompletedSuccessfully);
            Assert.Equal(0, channel.Reader.Count);
        }
    }

    [Fact]
    public async Task WaitToReadAsync_EveryItemAwaited_NoWakeUpIsLost()
    {
        var there = new LockFreeChannel<int>(2);
        var back = new LockFreeChannel<int>(2);
        const int Rounds = 20_000;
        var echo = Task.Run(async () =>
        {
            while (await there.Reader.WaitToReadAsync(TestToken))
                while (there.Reader.TryRead(out var item))
                    back.TryWrite(item);
            back.Writer.TryComplete();
        }, TestToken);
        var sum = Task.Run(async () =>
        {
            var received = 0;
            for (var i = 0; i < Rounds; i++)
            {
                there.TryWrite(i);
                Assert.True(await back.Reader.WaitToReadAsync(TestToken));
                Assert.True(back.Reader.TryRead(out var item));
                Assert.Equal(i, item);
                received++;
            }

            there.Writer.TryComplete();
            return received;
        }, TestToken);

        Assert.Equal(Rounds, await sum.WaitAsync(Patience, TestToken));
        await echo.WaitAsync(Patience, TestToken);
    }

    [Fact]
    public async Task WaitToReadAsync_CanceledAgainAndAgain_NothingIsLost()
    {
        var channel = new LockFreeChannel<Item>(16);
        var canceled = 0;
        CancellationTokenSource? current = null;
        var done = 0;
        var accepted = new int[Writers];
        var writers = Start(writer =>
        {
            for (var number = 1; number <= 3_000; number++)
            {
                if (channel.TryWrite(Item.Of(writer, number)))
                    accepted[writer]++;
                Thread.SpinWait(number % 64);
            }
        });
        var canceller = new Thread(() =>
        {
            while (Volatile.Read(ref done) == 0)
            {
                Volatile.Read(ref current)?.Cancel();
                Thread.Yield();
            }
        });
        canceller.Start();
        var read = new int[Writers];
        var reading = Task.Run(async () =>
        {
            var last = new int[Writers];
            while (true)
            {
                // It is not disposed, because the canceller may still use it.
                var source = new CancellationTokenSource();
                Volatile.Write(ref current, source);
                try
                {
                    if (!await channel.Reader.WaitToReadAsync(source.Token))
                        return;
                }
                catch (OperationCanceledException)
                {
                    canceled++;
                }

                while (channel.TryRead(out var item))
                    Check(item, last, read);
            }
        }, TestToken);

        await Finish(writers);
        // Complete the channel last. Otherwise the reader keeps waiting and being cancelled.
        SpinWait.SpinUntil(() => Volatile.Read(ref canceled) > 20, Patience);
        channel.Writer.TryComplete();
        await reading.WaitAsync(Patience, TestToken);
        Volatile.Write(ref done, 1);
        canceller.Join();

        Assert.Equal(accepted, read);
        Assert.True(canceled > 20);
    }

    private static Task<int[]> ReadAll(LockFreeChannel<Item> channel) => Task.Run(async () =>
    {
        var read = new int[Writers];
        var last = new int[Writers];
        while (await channel.Reader.WaitToReadAsync(TestToken))
            while (channel.TryRead(out var item))
                Check(item, last, read);
        await channel.Reader.Completion;
        return read;
    }, TestToken);

    private static void Check(Item item, int[] last, int[] read)
    {
        Assert.True(item.IsWhole, $"torn: {item}");
        Assert.True(item.Number > last[item.Writer], $"{item} after {last[item.Writer]}: lost order or read twice");
        last[item.Writer] = item.Number;
        read[item.Writer]++;
    }

    private static Thread[] Start(Action<int> write)
    {
        var threads = Enumerable.Range(0, Writers).Select(writer => new Thread(() => write(writer)) { IsBackground = true }).ToArray();
        foreach (var thread in threads)
            thread.Start();
        return threads;
    }

    private static Task Finish(Thread[] threads) =>
        Task.Run(() => Assert.All(threads, thread => Assert.True(thread.Join(Patience))), TestToken);
}
