using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>A backend without answers: after two flushes that were cut off no invocation waits for it, until it answers.</summary>
public sealed class SilentBackendTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(40);

    /// <summary>The default limit of a flush in an invocation.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(300);

    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    [InlineData("periodic")]
    [InlineData("continuous")]
    public async Task Invoke_BackendNeverAnswers_HoldsTwoInvocationsAtMost(string strategy)
    {
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy });
        await HoldAsync(loop, Gap);
        for (var i = 0; i < 12; i++)
            await InvokeAsync(loop, $"{i}", Gap);
        Assert.Equal((0, 0, 14), (loop.Ledger[LedgerAccount.Logs].Exported, loop.Ledger[LedgerAccount.Logs].DroppedTotal, loop.Ledger[LedgerAccount.Logs].Buffered));
    }

    /// <summary>During the back-off there are flushes without requests, which prove nothing.</summary>
    [Fact]
    public async Task Invoke_FlushesInBetweenSendNothing_HoldsTwoInvocationsAtMost()
    {
        var gap = TimeSpan.FromMilliseconds(60);
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" });
        await HoldAsync(loop, gap);
        for (var i = 0; i < 60; i++)
            await InvokeAsync(loop, $"{i}", gap);
    }

    [Fact]
    public async Task Invoke_WithoutRuntimeDone_HoldsTwoInvocationsAtMost()
    {
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" }, hasTelemetry: false);
        await HoldAsync(loop, Gap);
        for (var i = 0; i < 12; i++)
            await InvokeAsync(loop, $"{i}", Gap);
    }

    [Fact]
    public async Task Invoke_TheBackendAnswersAgain_IsFlushedAtTheEndAgain()
    {
        using var loop = new LoopUnderTest(new() { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "end" });
        await HoldAsync(loop, Gap);
        await InvokeAsync(loop, "in vain", Gap);
        await loop.Destination.RequestAsync();
        loop.Destination.Hangs = false;

        // The background request is answered, and so are those that follow.
        for (var left = 1L; left > 0; left = loop.Ledger[LedgerAccount.Logs].Buffered)
        {
            await InvokeAsync(loop, "again", Gap);
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        while (!loop.HasResponsiveDestination)
            await Task.Yield();
        while (loop.Destination.HasMore)
            await loop.Destination.RequestAsync();
        loop.Destination.Hangs = true;
        loop.Invoke("waits", Timeout);
        loop.Telemetry.LogLine();
        loop.Telemetry.RuntimeDone("waits");
        var next = loop.Api.NextAsync();
        await loop.Destination.RequestAsync();
        Assert.False(next.IsCompleted);
        await loop.PassUntilAsync(next, Budget);
    }

    /// <summary>Ends when two invocations have waited for a whole budget. Others in between do not wait.</summary>
    private static async Task HoldAsync(LoopUnderTest loop, TimeSpan gap)
    {
        loop.Destination.Hangs = true;
        await loop.Api.NextAsync();
        var request = loop.Destination.RequestAsync();
        for (var held = 0; held < SilentFlushes.MaxSilentFlushes;)
        {
            loop.Telemetry.LogLine();
            loop.Invoke($"held {held}", Timeout);
            loop.Telemetry.RuntimeDone($"held {held}");
            var next = loop.Api.NextAsync();
            if (await Task.WhenAny(next, request) == request)
            {
                await loop.PassUntilAsync(next, Budget);
                held++;
                request = held < SilentFlushes.MaxSilentFlushes ? loop.Destination.RequestAsync() : request;
            }

            await next;
            loop.Time.Advance(gap);
        }
    }

    /// <summary>Next follows although no time passes.</summary>
    private static async Task InvokeAsync(LoopUnderTest loop, string id, TimeSpan gap)
    {
        loop.Telemetry.LogLine();
        loop.Invoke(id, Timeout);
        loop.Telemetry.RuntimeDone(id);
        Assert.Equal(loop.Time.GetElapsedTime(0), await loop.Api.NextAsync());
        loop.Time.Advance(gap);
    }
}
