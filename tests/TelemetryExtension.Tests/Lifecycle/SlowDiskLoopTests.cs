using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Outbox;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>A /tmp that hangs delays an invocation no longer than a backend may.</summary>
public sealed class SlowDiskLoopTests
{
    private static readonly Env AtTheEnd = new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" };
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Invoke_WriteHangs_IsNotHeldAndItsLinesAreSent()
    {
        using var disk = new HangingFiles();
        using var loop = new LoopUnderTest(AtTheEnd, outbox: new(MaxBytes: 500), disk: disk);
        await loop.Api.NextAsync();
        disk.Hang();
        var works = loop.Encode;
        loop.Encode = payload =>
        {
            works(payload);
            // The request starts only while the file is being written.
            Assert.True(disk.Reached.Wait(LoopUnderTest.Patience));
        };
        for (var i = 0; i < 3; i++)
        {
            loop.Invoke($"{i}");
            loop.Telemetry.LogLine();
            loop.Telemetry.RuntimeDone($"{i}");
            Assert.Equal(TimeSpan.Zero, await loop.Api.NextAsync());
        }

        Assert.Equal(3, loop.Ledger[LedgerAccount.Logs].Exported);
    }

    [Fact]
    public async Task Invoke_ReadHangs_IsHeldForItsBudgetAtMost()
    {
        using var disk = new HangingFiles();
        using var loop = new LoopUnderTest(AtTheEnd, outbox: new(MaxBytes: 500), disk: disk);
        await loop.Api.NextAsync();
        // The first line is in a file when its request hangs.
        loop.Destination.Hangs = true;
        Invoke(loop, "1");
        await loop.Destination.RequestAsync();
        Assert.Equal(1, loop.Ledger[LedgerAccount.Logs].Spooled);
        loop.Time.Advance(Budget);
        await loop.Api.NextAsync();

        loop.Destination.Hangs = false;
        loop.Time.Advance(TimeSpan.FromMinutes(1));
        disk.Hang();
        var begun = loop.Time.GetElapsedTime(0);
        Invoke(loop, "2");
        await loop.WaitingUntilAsync(Budget);
        await disk.Reached.WaitAsync(LoopUnderTest.Patience, TestContext.Current.CancellationToken);
        await loop.Destination.RequestAsync();
        loop.Time.Advance(Budget);
        Assert.Equal(begun + Budget, await loop.Api.NextAsync());

        disk.GoOn();
        loop.Time.Advance(TimeSpan.FromMinutes(1));
        Invoke(loop, "3");
        await loop.Api.NextAsync();
        Assert.Equal((3, 0), (loop.Ledger[LedgerAccount.Logs].Exported, loop.Ledger[LedgerAccount.Logs].Spooled));
    }

    private static void Invoke(LoopUnderTest loop, string id)
    {
        loop.Invoke(id);
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone(id);
    }
}
