using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Buffering;

/// <summary>For any writes and reads, on one or many threads, the byte count equals the bodies inside and the ledger balances.</summary>
public sealed class TelemetryChannelModelTests
{
    private const int Items = 64;
    private const int Bytes = 256 * 1024;
    private const int BodyOverhead = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken TestToken => TestContext.Current.CancellationToken;

    /// <summary>A request with some items and then some reads.</summary>
    public sealed record Request(int Size, int[] Kinds, int Reads);

    private static readonly Gen<int> AnyKind = Gen.Choose(0, 3);
    private static readonly Gen<int> NoEvents = Gen.Elements(0, 1, 3);

    [Fact]
    public void AnyRequestsWithoutEvents_OneThread_BytesAreThoseOfTheBodiesInsideAndTheReserveStaysFree() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Requests(NoEvents), requests =>
            Run(requests, (channel, inside) =>
                channel.Bytes == inside.Select(item => item.Body).Distinct().Sum(body => (long)body.Capacity + BodyOverhead)
                && channel.Bytes <= Bytes - (Bytes / 8)
                && channel.Count <= Items - (Items / 8))));

    [Fact]
    public void AnyRequests_OneThread_StaysInsideTheBudgetAndEventsGetInWhileThereIsASlot() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Requests(AnyKind), requests =>
            Run(requests, (channel, _) => channel.Bytes <= Bytes && channel.Count <= Items)));

    private static Arbitrary<Request[]> Requests(Gen<int> kind) =>
        Gen.Elements(100, 1_000, 20_000, 70_000, 300_000)
            .SelectMany(_ => kind.ArrayOf(), (size, kinds) => (size, kinds))
            .SelectMany(_ => Gen.Choose(0, 12), (request, reads) => new Request(request.size, request.kinds, reads))
            .ArrayOf()
            .ToArbitrary();

    private static bool Run(Request[] requests, Func<TelemetryChannel, IReadOnlyCollection<TelemetryItem>, bool> holds)
    {
        var ledger = new Ledger();
        var channel = new TelemetryChannel(new(Items, Bytes), ledger);
        var inside = new Queue<TelemetryItem>();
        foreach (var request in requests)
        {
            var body = PooledBody.Rent(request.Size);
            foreach (var kind in request.Kinds)
            {
                body.AddReference();
                var item = new TelemetryItem((TelemetryItemKind)kind, Signal.Metrics, body, 0, 10, 0, 0);
                var slots = channel.Count;
                if (channel.TryWrite(item))
                    inside.Enqueue(item);
                else if (item.Kind == TelemetryItemKind.PlatformEvent && slots < Items)
                    return false;
                if (!holds(channel, inside))
                    return false;
            }

            body.Release();
            for (var read = 0; read < request.Reads && channel.TryRead(out var item); read++)
            {
                // An event may have been copied out of its body.
                var expected = inside.Dequeue();
                if (item.Kind != expected.Kind || (item.Body != expected.Body && item.Kind != TelemetryItemKind.PlatformEvent))
                    return false;
                item.Release();
            }

            if (channel.Count != inside.Count || !holds(channel, inside))
                return false;
        }

        while (channel.TryRead(out var item))
            item.Release();
        return channel.Bytes == 0 && channel.Count == 0;
    }

    [Fact]
    public async Task ManyWriters_WithAReader_NothingIsLostUncountedAndAllIsGivenBack()
    {
        var ledger = new Ledger();
        var crossings = 0;
        var channel = new TelemetryChannel(new(Items, Bytes), ledger, () => Interlocked.Increment(ref crossings));
        var bodies = new List<PooledBody>[4];
        var writers = Enumerable.Range(0, bodies.Length).Select(writer => Task.Run(() =>
        {
            var mine = bodies[writer] = [];
            for (var request = 0; request < 2_000; request++)
            {
                var body = PooledBody.Rent(1 + (request * 37 % 30_000));
                mine.Add(body);
                for (var i = 0; i < request % 7; i++)
                {
                    body.AddReference();
                    channel.TryWrite(new((TelemetryItemKind)(i % 4), Signal.Traces, body, 0, 1, 0, 0, i + 1));
                }

                body.Release();
            }
        }, TestToken)).ToArray();
        var read = new long[Ledger.Accounts];
        var written = false;
        var reading = Task.Run(async () =>
        {
            for (; !Volatile.Read(ref written) || channel.Count > 0; await Task.Yield())
                while (channel.TryRead(out var item))
                {
                    Assert.Equal(1, item.Bytes.Length);
                    Assert.True(channel.Bytes <= Bytes);
                    read[(int)TelemetryChannel.AccountOf(item)] += item.Records;
                    item.Release();
                }
        }, TestToken);

        await Task.WhenAll(writers).WaitAsync(Patience, TestToken);
        Volatile.Write(ref written, true);
        await reading.WaitAsync(Patience, TestToken);

        for (var account = 0; account < Ledger.Accounts; account++)
        {
            var line = ledger[(LedgerAccount)account];
            Assert.Equal(line.Received, line.DroppedTotal + read[account]);
        }

        Assert.Equal((0, 0L), (channel.Count, channel.Bytes));
        Assert.All(bodies.SelectMany(list => list), body => Assert.Throws<ObjectDisposedException>(() => body.Memory));
        Assert.True(crossings > 0);
    }
}
