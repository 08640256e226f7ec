using TelemetryExtension.Buffering;

namespace NativeChecks;

/// <summary>Several writer threads against one reader: every accepted item arrives once, complete, in its writer's order.</summary>
internal static class ChannelStress
{
    private const int Writers = 4;

    /// <summary>Several words that must agree. A slot that is read before it is completely written would show.</summary>
    private readonly record struct Item(int Writer, int Number, long Check1, long Check2)
    {
        public static Item Of(int writer, int number)
        {
            var check = ((long)writer << 32) | (uint)number;
            return new(writer, number, check, ~check);
        }

        public bool IsWhole => Of(Writer, Number) == this;
    }

    public static async Task ShedAsync(int capacity, int perWriter)
    {
        var channel = new LockFreeChannel<Item>(capacity);
        var accepted = new int[Writers];
        var reading = ReadAllAsync(channel);
        Run(writer =>
        {
            for (var number = 1; number <= perWriter; number++)
                if (channel.TryWrite(Item.Of(writer, number)))
                    accepted[writer]++;
                else
                    Thread.Yield();
        });
        channel.Writer.TryComplete();
        CheckSame(accepted, await reading.ConfigureAwait(false));
    }

    public static async Task WaitAsync(int capacity, int perWriter)
    {
        var channel = new LockFreeChannel<Item>(capacity);
        var reading = ReadAllAsync(channel);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var number = 1; number <= perWriter; number++)
                await channel.Writer.WriteAsync(Item.Of(writer, number)).ConfigureAwait(false);
        }))).ConfigureAwait(false);
        channel.Writer.TryComplete();
        CheckSame([.. Enumerable.Repeat(perWriter, Writers)], await reading.ConfigureAwait(false));
    }

    public static async Task CompleteAsync()
    {
        for (var round = 0; round < 30; round++)
        {
            var channel = new LockFreeChannel<Item>(round % 2 == 0 ? 2 : 4096);
            var accepted = new int[Writers];
            var reading = ReadAllAsync(channel);
            Run(writer =>
            {
                for (var number = 1; number <= 400; number++)
                {
                    if (channel.TryWrite(Item.Of(writer, number)))
                        accepted[writer]++;
                    if (writer == 0 && number == 200)
                        channel.Writer.TryComplete();
                }
            });
            CheckSame(accepted, await reading.ConfigureAwait(false));
        }
    }

    private static Task<int[]> ReadAllAsync(LockFreeChannel<Item> channel) => Task.Run(async () =>
    {
        var (read, last) = (new int[Writers], new int[Writers]);
        while (await channel.Reader.WaitToReadAsync().ConfigureAwait(false))
            while (channel.TryRead(out var item))
            {
                Check.That(item.IsWhole, $"torn: {item}");
                Check.That(item.Number > last[item.Writer], $"{item} after {last[item.Writer]}: out of order or read twice");
                last[item.Writer] = item.Number;
                read[item.Writer]++;
            }

        await channel.Reader.Completion.ConfigureAwait(false);
        return read;
    });

    private static void Run(Action<int> write)
    {
        var threads = Enumerable.Range(0, Writers).Select(writer => new Thread(() => write(writer)) { IsBackground = true }).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
    }

    private static void CheckSame(int[] accepted, int[] read) =>
        Check.That(accepted.AsSpan().SequenceEqual(read), $"accepted {string.Join(", ", accepted)}, read {string.Join(", ", read)}");
}
