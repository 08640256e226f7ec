using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Lifecycle;

public sealed class ExtensionLoopTests
{
    /// <summary>A steady rhythm: after the first invocations nothing is due for a while.</summary>
    private static readonly Env Periodic = new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "periodic", ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "20" };

    [Fact]
    public async Task Invoke_NothingDue_NextAtOnceWithoutRuntimeDone()
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Telemetry.LogLine();

        loop.Invoke("quiet");

        await loop.Api.NextAsync();
        Assert.False(loop.Destination.HasMore);
    }

    [Fact]
    public async Task Invoke_FlushIsDueAfterIt_WaitsForItsOwnRuntimeDone()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        var timeout = TimeSpan.FromMinutes(1);
        loop.Invoke("mine", timeout);
        loop.Telemetry.LogLine();
        await loop.WaitingUntilAsync(timeout - LoopUnderTest.Margin);

        loop.Telemetry.RuntimeDone("earlier");
        // If that had ended the wait, the flush would start before the clock moves, or the deadline's timer would be gone.
        loop.Time.Advance(TimeSpan.FromSeconds(1));
        await loop.WaitingUntilAsync(timeout - LoopUnderTest.Margin - TimeSpan.FromSeconds(1));
        Assert.Equal((1, false), (loop.Api.Calls, loop.Destination.HasMore));
        loop.Telemetry.RuntimeDone("mine");

        Assert.Equal(TimeSpan.FromSeconds(1), (await loop.Destination.RequestAsync()).At);
        Assert.Equal(TimeSpan.FromSeconds(1), await loop.Api.NextAsync());
    }

    [Fact]
    public async Task Invoke_RuntimeDoneCameBeforeTheEvent_IsFlushedAllTheSame()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("fast");

        loop.Invoke("fast");

        await loop.Destination.RequestAsync();
        await loop.Api.NextAsync();
    }

    [Fact]
    public async Task Invoke_NoRuntimeDone_FlushesBeforeTheDeadline_AndTheNextDoesNotWait()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        loop.Invoke("lost", TimeSpan.FromSeconds(3));
        loop.Telemetry.LogLine();
        await loop.WaitingUntilAsync(TimeSpan.FromSeconds(3) - LoopUnderTest.Margin);

        loop.Time.Advance(TimeSpan.FromSeconds(3) - LoopUnderTest.Margin);

        Assert.Equal(TimeSpan.FromMilliseconds(2750), (await loop.Destination.RequestAsync()).At);
        Assert.Equal(TimeSpan.FromMilliseconds(2750), await loop.Api.NextAsync());
        // The policy no longer expects runtimeDone, because waiting again would cost every invocation its whole timeout.
        loop.Telemetry.LogLine();
        loop.Invoke("after");
        await loop.Destination.RequestAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(2750), await loop.Api.NextAsync());
    }

    [Fact]
    public async Task LongInvocation_FlushesInTheMiddleAndGoesOnWaiting()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        loop.Invoke("long");
        await loop.WaitingUntilAsync(TimeSpan.FromMinutes(10) - LoopUnderTest.Margin);
        loop.Telemetry.LogLine();

        loop.Time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(loop.Destination.HasMore);
        loop.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(20), (await loop.Destination.RequestAsync()).At);
        Assert.Equal(1, loop.Api.Calls);
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("long");
        await loop.Destination.RequestAsync();
        await loop.Api.NextAsync();
    }

    [Fact]
    public async Task RuntimeDone_FailedAfterNext_IsFlushedAtOnceInTheBackground()
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet");
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();

        loop.Telemetry.RuntimeDone("quiet", "error");

        await loop.Destination.RequestAsync();
        Assert.Equal(5, loop.Api.Calls);
    }

    [Fact]
    public async Task RuntimeDone_FailedWhileAFlushIsInFlight_IsFlushedRightAfterIt()
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet");
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();
        loop.Destination.Hangs = true;
        loop.Telemetry.RuntimeDone("quiet", "error");
        await loop.Destination.RequestAsync();

        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("quiet", "error");
        loop.Destination.Hangs = false;

        await loop.Destination.RequestAsync();
    }

    /// <summary>Managed Instances send no INVOKE and no runtimeDone, only the report.</summary>
    [Fact]
    public async Task Report_FailedWithoutInvokeAndRuntimeDone_IsFlushedAtOnce()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();

        loop.Telemetry.Report("good");
        Assert.False(loop.Destination.HasMore);
        loop.Telemetry.Report("bad", "timeout");

        await loop.Destination.RequestAsync();
        Assert.Equal(1, loop.Api.Calls);
    }

    [Fact]
    public async Task RuntimeDone_SuccessAfterNext_WaitsForItsTurn()
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet");
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();

        loop.Telemetry.RuntimeDone("quiet");
        loop.Invoke("next");
        await loop.Api.NextAsync();

        Assert.False(loop.Destination.HasMore);
    }

    /// <summary>The environment has ended: waiting data is delivered or becomes a dead letter before the extension ends.</summary>
    [Theory]
    [InlineData(403, true)]
    [InlineData(500, true)]
    [InlineData(500, false)]
    public async Task Next_Refused_NothingIsLostUncounted(int status, bool backendWorks)
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        if (!backendWorks)
            loop.Destination.Answer = new(DeliveryStatus.Retryable);
        loop.Telemetry.LogLine();

        loop.Api.Refuse(status);
        await loop.PassUntilAsync(loop.Run, TimeSpan.FromMilliseconds(100));

        Assert.IsType<ExtensionEvent.Lost>(await loop.Run);
        var logs = loop.Ledger[LedgerAccount.Logs];
        Assert.Equal((0, backendWorks ? 0 : 1), (logs.Buffered, logs.DeadLettered));
        Assert.Equal(logs.Received, logs.Exported + logs.DeadLettered);
    }

    [Fact]
    public async Task UnknownEvent_IsIgnored_NextGoesOn()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();

        loop.Api.Answer("""{"eventType":"TOMORROW","deadlineMs":5,"any":{"thing":[1]}}""");

        await loop.Api.NextAsync();
        await loop.InvokeAndFlushAsync("1");
    }

    [Fact]
    public async Task Invoke_ABugInTheHandling_CostsItsFlushAndNothingElse()
    {
        var faulty = new FaultyTimeProvider();
        using var loop = new LoopUnderTest(loopTime: faulty.Around);
        await loop.Api.NextAsync();
        faulty.Throws = true;
        loop.Invoke("unlucky");
        loop.Telemetry.LogLine();
        await loop.Api.NextAsync();
        Assert.False(loop.Destination.HasMore);
        faulty.Throws = false;

        await loop.InvokeAndFlushAsync("next");
        Assert.Equal(2, loop.Ledger[LedgerAccount.Logs].Exported);
    }

    [Fact]
    public async Task Invoke_ABugInTheFlush_CostsItsFlushAndNothingElse()
    {
        using var loop = new LoopUnderTest();
        var works = loop.Encode;
        await loop.Api.NextAsync();
        loop.Encode = static _ => throw new InvalidOperationException("a bug");
        loop.Invoke("unlucky");
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("unlucky");
        await loop.Api.NextAsync();
        loop.Encode = works;

        await loop.InvokeAndFlushAsync("next");
    }

    [Fact]
    public async Task Invoke_SdkStillSending_WaitsForItButNotLong()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        loop.Intake.InFlight.Enter();
        loop.Invoke("1");
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("1");

        var bound = TimeSpan.FromMilliseconds(20);
        await loop.WaitingUntilAsync(bound);
        Assert.False(loop.Destination.HasMore);
        loop.Time.Advance(bound);

        Assert.Equal(bound, (await loop.Destination.RequestAsync()).At);
        await loop.Api.NextAsync();
    }

    [Fact]
    public async Task Shutdown_EndsTheLoopWithEverythingDelivered()
    {
        using var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet");
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("quiet");
        loop.Telemetry.Report("quiet");

        loop.ShutDown();
        await loop.Run.WaitAsync(LoopUnderTest.Patience, TestContext.Current.CancellationToken);

        await loop.Destination.RequestAsync();
        Assert.Equal((4, 0), (loop.Ledger[LedgerAccount.Logs].Exported, loop.Ledger[LedgerAccount.Logs].Buffered));
        Assert.Equal(5, loop.Api.Calls);
    }

    /// <summary>The shutdown would cut off a flush beside its own, and its data might arrive twice.</summary>
    [Fact]
    public async Task Shutdown_AFailureIsToldMeanwhile_NoFlushBesideTheLastOne()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        await loop.InvokeAndFlushAsync("1");
        loop.ShutDown();
        var lateEvents = TimeSpan.FromMilliseconds(60);
        await loop.WaitingUntilAsync(lateEvents);
        loop.Telemetry.LogLine();

        loop.Telemetry.Report("older", "error");
        loop.Time.Advance(lateEvents);
        await loop.Run.WaitAsync(LoopUnderTest.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(lateEvents, (await loop.Destination.RequestAsync()).At);
    }
}
