using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>The cost of one invocation, whatever is flushed in it and why.</summary>
public sealed class ExtensionLoopBudgetTests
{
    /// <summary>A steady rhythm: after the first invocations nothing is due for a while.</summary>
    private static readonly Env Periodic = new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "periodic", ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "20" };

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>The default budget before any flush is measured.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(300);

    /// <summary>The budget when measured flushes take no time.</summary>
    private static readonly TimeSpan LeastBudget = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>The rest of the last invocation is flushed beside the handler, and then this one's data at its end. Both share one budget.</summary>
    [Fact]
    public async Task BesideTheHandlerAndAfterIt_BackendHangs_HeldForOneBudget()
    {
        using var loop = new LoopUnderTest();
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        await InvokeAsync(loop, "1");
        loop.Telemetry.RuntimeDone("1");
        await loop.Destination.RequestAsync();
        loop.Time.Advance(Budget);
        await loop.Api.NextAsync();

        loop.Time.Advance(TimeSpan.FromMinutes(2));
        loop.Invoke("2", Timeout);
        var request = await loop.Destination.RequestAsync();
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("2");
        await loop.WaitingUntilAsync(Budget);
        loop.Time.Advance(Budget);

        Assert.Equal(request.At + Budget, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task Encoding_TakesTime_IsPartOfTheBudget()
    {
        using var loop = new LoopUnderTest();
        var encoding = TimeSpan.FromMilliseconds(200);
        var works = loop.Encode;
        loop.Encode = payload =>
        {
            loop.Time.Advance(encoding);
            works(payload);
        };
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        await InvokeAsync(loop, "1");
        loop.Telemetry.RuntimeDone("1");

        var request = await loop.Destination.RequestAsync();
        Assert.Equal(encoding, request.At);
        loop.Time.Advance(Budget - encoding - Millisecond);
        Assert.Equal((1, false), (loop.Api.Calls, request.CutOff.IsCancellationRequested));
        loop.Time.Advance(Millisecond);

        Assert.Equal(Budget, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task WaitingForTheFunctionsOtlp_IsPartOfTheBudget()
    {
        using var loop = new LoopUnderTest();
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        loop.Intake.InFlight.Enter();
        await InvokeAsync(loop, "1");
        loop.Telemetry.RuntimeDone("1");
        var bound = TimeSpan.FromMilliseconds(20);
        await loop.WaitingUntilAsync(bound);
        loop.Time.Advance(bound);
        await loop.Destination.RequestAsync();

        loop.Time.Advance(Budget - bound);

        Assert.Equal(Budget, await loop.Api.NextAsync());
    }

    /// <summary>The background flush blocks the destination. It gets half of the time, and the flush at the end the rest.</summary>
    [Fact]
    public async Task FlushInTheMiddle_BackendHangs_CutOffForTheOneAtTheEnd()
    {
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" });
        await loop.Api.NextAsync();
        loop.Destination.Hangs = true;
        await InvokeAsync(loop, "long");
        loop.Time.Advance(TimeSpan.FromSeconds(20));
        var inTheMiddle = await loop.Destination.RequestAsync();

        loop.Telemetry.RuntimeDone("long");
        await loop.WaitingUntilAsync(Budget / 2);
        loop.Time.Advance((Budget / 2) - Millisecond);
        Assert.False(inTheMiddle.CutOff.IsCancellationRequested);
        loop.Time.Advance(Millisecond);
        var atTheEnd = await loop.Destination.RequestAsync();
        Assert.Equal((1, inTheMiddle.At + (Budget / 2), true), (loop.Api.Calls, atTheEnd.At, inTheMiddle.CutOff.IsCancellationRequested));
        loop.Time.Advance(Budget / 2);

        Assert.Equal(inTheMiddle.At + Budget, await loop.Api.NextAsync());
        Assert.True(atTheEnd.CutOff.IsCancellationRequested);
    }

    [Theory]
    [InlineData("periodic", true)]
    [InlineData("continuous", false)]
    public async Task FlushInTheBackground_StillRunsInTheNextInvocation_MayOutliveNextOnlyIfAskedFor(string strategy, bool isFinished)
    {
        using var loop = await WithFlushInBackgroundAsync(strategy);
        var flush = await loop.Destination.RequestAsync();

        loop.Invoke("next", Timeout);
        if (isFinished)
        {
            loop.Telemetry.RuntimeDone("next");
            await loop.WaitingUntilAsync(LeastBudget);
            Assert.Equal(5, loop.Api.Calls);
            loop.Time.Advance(LeastBudget);
        }

        Assert.Equal(flush.At + (isFinished ? LeastBudget : TimeSpan.Zero), await loop.Api.NextAsync());
        Assert.Equal(isFinished, flush.CutOff.IsCancellationRequested);
    }

    /// <summary>A failure that is reported during a flush starts another right after it, which must not have its own budget.</summary>
    [Fact]
    public async Task FlushBesideTheHandler_TheInvocationFailsMeanwhile_TheFlushForThatIsCutOffAsWell()
    {
        using var loop = await WithFlushAtStartAsync();
        var request = await loop.Destination.RequestAsync();

        loop.Telemetry.RuntimeDone("beside", "error");
        await loop.WaitingUntilAsync(LeastBudget);
        loop.Time.Advance(LeastBudget);

        Assert.Equal(request.At + LeastBudget, await loop.Api.NextAsync());
        Assert.True(request.CutOff.IsCancellationRequested);
    }

    [Fact]
    public async Task FlushInTheBackground_IsDoneWhileTheHandlerRuns_CostsNothing()
    {
        using var loop = await WithFlushInBackgroundAsync("periodic");
        var flush = await loop.Destination.RequestAsync();

        loop.Invoke("next", Timeout);
        await loop.WaitingUntilAsync(Timeout - LoopUnderTest.Margin);
        loop.Destination.Hangs = false;

        Assert.Equal(flush.At, await loop.Api.NextAsync());
        Assert.Equal(4, loop.Ledger[LedgerAccount.Logs].Exported);
    }

    /// <summary>Waiting for a runtimeDone that never arrives would cost the whole timeout.</summary>
    [Fact]
    public async Task BesideTheHandler_RuntimeDoneWasMissedBefore_BoundedByTheBudgetFromItsStart()
    {
        using var loop = new LoopUnderTest();
        await loop.Api.NextAsync();
        await InvokeAsync(loop, "lost");
        loop.Time.Advance(Timeout - LoopUnderTest.Margin);
        await loop.Api.NextAsync();
        loop.Destination.Hangs = true;

        loop.Telemetry.LogLine();
        loop.Invoke("after", Timeout);
        await loop.Destination.RequestAsync();
        var request = await loop.Destination.RequestAsync();
        loop.Time.Advance(Budget);

        Assert.Equal(request.At + Budget, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task Invoke_BackendHangs_NextWhenTheBudgetIsSpent()
    {
        using var loop = new LoopUnderTest();
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        loop.Invoke("1");
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("1");
        var request = await loop.Destination.RequestAsync();

        loop.Time.Advance(Budget - Millisecond);
        Assert.False(request.CutOff.IsCancellationRequested);
        Assert.Equal(1, loop.Api.Calls);
        loop.Time.Advance(Millisecond);

        Assert.Equal(Budget, await loop.Api.NextAsync());
        // Nothing is lost: the data waits for the next flush.
        Assert.Equal((1, 0), (loop.Ledger[LedgerAccount.Logs].Buffered, loop.Ledger[LedgerAccount.Logs].DroppedTotal));
    }

    [Fact]
    public async Task Invoke_BackendHangsNearTheTimeout_NextBeforeTheFunctionsDeadline()
    {
        using var loop = new LoopUnderTest();
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        var nextMargin = TimeSpan.FromMilliseconds(50);
        var left = TimeSpan.FromMilliseconds(280);
        loop.Invoke("1", left + nextMargin);
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("1");
        var request = await loop.Destination.RequestAsync();

        loop.Time.Advance(left - Millisecond);
        Assert.False(request.CutOff.IsCancellationRequested);
        loop.Time.Advance(Millisecond);

        Assert.Equal(left, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task FlushBesideTheHandler_BackendHangs_CutOffOneBudgetAfterRuntimeDone()
    {
        using var loop = await WithFlushAtStartAsync();
        var request = await loop.Destination.RequestAsync();

        loop.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(request.CutOff.IsCancellationRequested);
        loop.Telemetry.RuntimeDone("beside");
        await loop.Time.TimerAsync(LeastBudget).WaitAsync(LoopUnderTest.Patience, TestContext.Current.CancellationToken);
        loop.Time.Advance(LeastBudget - Millisecond);
        Assert.False(request.CutOff.IsCancellationRequested);
        Assert.Equal(5, loop.Api.Calls);
        loop.Time.Advance(Millisecond);

        Assert.Equal(request.At + TimeSpan.FromSeconds(5) + LeastBudget, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task FlushBesideTheHandler_DoneBeforeTheHandler_NextDoesNotWaitForRuntimeDone()
    {
        using var loop = await WithFlushAtStartAsync(hangs: false);
        var request = await loop.Destination.RequestAsync();

        Assert.Equal(request.At, await loop.Api.NextAsync());
    }

    [Fact]
    public async Task FlushBesideTheHandler_NoTelemetry_BoundedByTheBudgetFromItsStart()
    {
        using var loop = new LoopUnderTest(hasTelemetry: false);
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();
        loop.Invoke("1");
        await loop.Destination.RequestAsync();

        loop.Time.Advance(Budget);

        Assert.Equal(Budget, await loop.Api.NextAsync());
    }

    /// <summary>The flush at the start waits for one that began after the last Next. Both share one budget.</summary>
    [Fact]
    public async Task NoTelemetry_BackgroundFlushHangsBesideTheOneAtTheStart_HeldForOneBudget()
    {
        using var loop = new LoopUnderTest(hasTelemetry: false);
        await loop.Api.NextAsync();
        loop.Destination.Hangs = true;
        loop.Telemetry.LogLine();
        loop.OverThreshold();
        var background = await loop.Destination.RequestAsync();

        loop.Invoke("1", Timeout);
        await loop.WaitingUntilAsync(Budget);
        loop.Time.Advance(Budget - Millisecond);
        Assert.Equal((1, false), (loop.Api.Calls, background.CutOff.IsCancellationRequested));
        loop.Time.Advance(Millisecond);

        Assert.Equal(background.At + Budget, await loop.Api.NextAsync());
        Assert.True(background.CutOff.IsCancellationRequested);
    }

    /// <summary>
    /// The overhead that the platform measured beyond the extension's own is due to its buffering, before runtimeDone arrives. An eighth of it counts at
    /// once.
    /// </summary>
    [Fact]
    public async Task ReportedOverhead_MoreThanTheHoldTime_ReducesTheBudget()
    {
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" });
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        // Of an invocation that was not held.
        loop.Telemetry.Report("0", overheadMs: 240);
        await EndAsync("1", Budget);

        await EndAsync("2", Budget - TimeSpan.FromMilliseconds(240 / 8));

        async Task EndAsync(string id, TimeSpan held)
        {
            loop.Invoke(id, Timeout);
            loop.Telemetry.LogLine();
            loop.Telemetry.RuntimeDone(id);
            var request = await loop.Destination.RequestAsync();
            loop.Time.Advance(held - Millisecond);
            Assert.False(request.CutOff.IsCancellationRequested);
            loop.Time.Advance(Millisecond);
            Assert.Equal(request.At + held, await loop.Api.NextAsync());
            // This is longer than the back-off.
            loop.Time.Advance(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>The fifth invocation after a pause: the rest of the fourth is flushed while the handler runs.</summary>
    private static async Task<LoopUnderTest> WithFlushAtStartAsync(bool hangs = true)
    {
        var loop = new LoopUnderTest(Periodic);
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet");
        await loop.Api.NextAsync();
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("quiet");
        loop.Time.Advance(TimeSpan.FromSeconds(21));
        loop.Destination.Hangs = hangs;
        loop.Invoke("beside");
        return loop;
    }

    /// <summary>Returns when the loop waits for the runtime.</summary>
    private static async Task InvokeAsync(LoopUnderTest loop, string id)
    {
        loop.Invoke(id, Timeout);
        await loop.WaitingUntilAsync(Timeout - LoopUnderTest.Margin);
        loop.Telemetry.LogLine();
    }

    /// <summary>The buffer exceeds its threshold after Next in the fourth invocation.</summary>
    private static async Task<LoopUnderTest> WithFlushInBackgroundAsync(string strategy)
    {
        var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy, ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "20" });
        await loop.PassFirstInvocationsAsync();
        loop.Invoke("quiet", Timeout);
        await loop.Api.NextAsync();
        loop.Telemetry.RuntimeDone("quiet");
        loop.Destination.Hangs = true;
        loop.Telemetry.LogLine();
        loop.OverThreshold();
        return loop;
    }
}
