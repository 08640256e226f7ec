using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Diagnostics.Accounting;

public sealed class LedgerTests
{
    [Fact]
    public void ToString_SomeOfEverything_IsOneLineThatAddsUp()
    {
        var ledger = new Ledger();
        ledger.Received(LedgerAccount.Logs, 22);
        ledger.Spooled(LedgerAccount.Logs, 7);
        ledger.Spooled(LedgerAccount.Logs, -2);
        ledger.Exported(LedgerAccount.Logs, 3);
        ledger.Rejected(LedgerAccount.Logs);
        ledger.DeadLettered(LedgerAccount.Logs, 2);
        ledger.Sampled(LedgerAccount.Logs, 3);
        ledger.Filtered(LedgerAccount.Logs, 4);
        ledger.Redacted(LedgerAccount.Logs, 9);
        ledger.Dropped(LedgerAccount.Logs, DropReason.BufferBytes);
        ledger.Dropped(LedgerAccount.Logs, DropReason.NoDestination, 2);
        ledger.Received(LedgerAccount.Events);

        Assert.Equal(
            "traces received=0 exported=0 rejected=0 dead_lettered=0 spooled=0 buffered=0 dropped=0; "
            + "metrics received=0 exported=0 rejected=0 dead_lettered=0 spooled=0 buffered=0 dropped=0; "
            + "logs received=22 exported=3 rejected=1 dead_lettered=2 spooled=5 buffered=1 sampled=3 filtered=4 redacted=9 dropped=3 (buffer_bytes=1, no_destination=2); "
            + "events received=1 exported=0 rejected=0 dead_lettered=0 spooled=0 buffered=1 dropped=0",
            ledger.ToString());
    }

    [Fact]
    public void Accounts_AndSignals_HaveTheSameNumbers()
    {
        foreach (var signal in Enum.GetValues<Signal>())
            Assert.Equal(signal.ToString(), ((LedgerAccount)signal).ToString());
        Assert.Equal(Ledger.Accounts, Enum.GetValues<LedgerAccount>().Length);
    }

    [Fact]
    public void Dropped_EveryReason_IsCountedApart()
    {
        var ledger = new Ledger();
        foreach (var reason in Enum.GetValues<DropReason>())
            ledger.Dropped(LedgerAccount.Traces, reason, 1 + (int)reason);

        Assert.Equal(Enumerable.Range(1, Ledger.Reasons).Select(count => (long)count), ledger[LedgerAccount.Traces].Dropped);
        Assert.Equal(0, ledger[LedgerAccount.Metrics].DroppedTotal);
    }

    [Fact]
    public async Task Received_FromManyThreads_LosesNoCount()
    {
        var ledger = new Ledger();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                ledger.Received(LedgerAccount.Metrics);
                ledger.Exported(LedgerAccount.Metrics);
            }
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(200_000, ledger[LedgerAccount.Metrics].Received);
        Assert.Equal(0, ledger[LedgerAccount.Metrics].Buffered);
    }
}
