using System.Threading.Channels;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;

namespace Benchmarks;

/// <summary>Compares the lock-free ring with the BCL's channels, with the items that it carries in the extension.</summary>
internal static class ChannelBenchmark
{
    private const int Capacity = 8192;
    private const int Items = 400_000;

    public static void Run()
    {
        Compare("One thread writes 1,000 items, then reads them", channel => Batches(channel, 1000));
        Compare("One thread writes one item, then reads it", channel => Batches(channel, 1));
        foreach (var writers in (int[])[1, 2, 4])
            Compare($"{writers} writer(s), one reader that waits when empty", channel => Threads(channel, writers));
        var telemetry = new TelemetryChannel(new(Capacity, 64 * 1024 * 1024), new Ledger());
        var body = PooledBody.Rent(1000);
        Comparison.Run("With the byte budget and the ledger: 1,000 items of one body, written and read", 15,
            new("LockFreeChannel alone", () => Batches(new LockFreeChannel<TelemetryItem>(Capacity), 1000)),
            new("TelemetryChannel", () => Batches(telemetry, body, 1000)));
    }

    private static void Compare(string title, Func<Channel<TelemetryItem>, long> work) => Comparison.Run(title, 15,
        new("Channel.CreateBounded", () => work(Channel.CreateBounded<TelemetryItem>(new BoundedChannelOptions(Capacity) { SingleReader = true }))),
        new("Channel.CreateUnbounded", () => work(Channel.CreateUnbounded<TelemetryItem>(new() { SingleReader = true }))),
        new("LockFreeChannel", () => work(new LockFreeChannel<TelemetryItem>(Capacity))));

    private static long Batches(Channel<TelemetryItem> channel, int size)
    {
        for (var done = 0; done < Items; done += size)
        {
            for (var i = 0; i < size; i++)
                channel.Writer.TryWrite(new() { Length = i });
            for (var i = 0; i < size; i++)
                channel.Reader.TryRead(out _);
        }

        return Items;
    }

    private static long Batches(TelemetryChannel channel, PooledBody body, int size)
    {
        for (var done = 0; done < Items; done += size)
        {
            for (var i = 0; i < size; i++)
                channel.TryWrite(new(TelemetryItemKind.FunctionLog, default, body, 0, 1, 0, 0));
            for (var i = 0; i < size; i++)
                channel.TryRead(out _);
        }

        return Items;
    }

    private static long Threads(Channel<TelemetryItem> channel, int writers)
    {
        var threads = Enumerable.Range(0, writers).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Items / writers; i++)
                while (!channel.Writer.TryWrite(new() { Length = i }))
                    Thread.Yield();
        })).ToArray();
        var read = Task.Run(async () =>
        {
            var count = 0L;
            while (await channel.Reader.WaitToReadAsync().ConfigureAwait(false))
                while (channel.Reader.TryRead(out _))
                    count++;
            return count;
        });
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        channel.Writer.Complete();
        return read.GetAwaiter().GetResult();
    }
}
