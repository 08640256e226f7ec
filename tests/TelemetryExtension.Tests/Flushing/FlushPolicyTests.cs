using TelemetryExtension.Configuration;
using TelemetryExtension.Flushing;
using TelemetryExtension.Tests.Configuration;
using static TelemetryExtension.Tests.Flushing.SimulatedInvocation;

namespace TelemetryExtension.Tests.Flushing;

public sealed class FlushPolicyTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void End_AnyRhythm_FlushesAfterEveryInvocation()
    {
        var lambda = new SimulatedLambda(Options(FlushStrategy.End)).Run(Every(0.1, 100)).Run(Every(100, 10));

        Assert.All(lambda.Decisions, decision => Assert.Equal(FlushDecision.AfterInvocation, decision));
    }

    [Fact]
    public void Periodic_OncePerSecond_FlushesAtStartOnceAnInterval()
    {
        var lambda = new SimulatedLambda(Options(FlushStrategy.Periodic)).Run(Every(1, 103));

        Assert.Equal(FlushPolicy.FirstInvocations, lambda.Delayed);
        Assert.InRange(lambda.Decisions.Count(decision => decision == FlushDecision.AtStart), 4, 6);
    }

    [Fact]
    public void Continuous_FlushInFlight_StartsNoSecond()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.Continuous), _time);
        Invoke(policy, FlushPolicy.FirstInvocations);

        Assert.Equal(FlushDecision.None, Next(policy, "a"));
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(FlushDecision.Background, Next(policy, "b"));
        policy.FlushStarted();
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(FlushDecision.None, Next(policy, "c"));
        policy.Flushed(FlushOutcome.Complete);
        Assert.Equal(FlushDecision.Background, Next(policy, "d"));
    }

    /// <summary>The threshold is reported once, and the flush may have collected before it.</summary>
    [Fact]
    public void OnThreshold_FlushInFlight_AnotherFollowsIt()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        Next(policy, "a");
        policy.FlushStarted();

        Assert.Equal(FlushDecision.None, policy.OnThreshold());
        Assert.Equal(FlushDecision.Background, policy.Flushed(FlushOutcome.Incomplete));
        policy.FlushStarted();
        Assert.Equal(FlushDecision.None, policy.Flushed(FlushOutcome.Complete));
    }

    [Fact]
    public void OnInvoke_BufferOverThreshold_FlushesAtStart()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.Periodic), _time);
        Invoke(policy, FlushPolicy.FirstInvocations);

        Assert.Equal(FlushDecision.AtStart, policy.OnInvoke(new("a", TimeSpan.Zero, IsOverThreshold: true)));
        Assert.Equal(FlushDecision.Background, policy.OnThreshold());
    }

    [Fact]
    public void RuntimeDoneMissed_UntilOneIsSeen_NothingWaitsForIt()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "a"));
        policy.RuntimeDoneMissed();

        Assert.Equal(FlushDecision.AtStart, Next(policy, "b"));
        policy.InvocationEnded("b", InvocationStatus.Success);
        Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "c"));
    }

    [Fact]
    public void OnInvoke_NoTelemetry_NeverWaitsForRuntimeDone()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.Adaptive), _time, hasTelemetry: false);

        Assert.Equal(FlushDecision.AtStart, Next(policy, "a"));
    }

    [Fact]
    public void InvocationEnded_Failed_FlushesAtOnceUnlessTheEndDoesAnyway()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.Periodic), _time);
        Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "first"));
        Assert.Equal(FlushDecision.None, policy.InvocationEnded("first", InvocationStatus.Failed));
        Invoke(policy, FlushPolicy.FirstInvocations);

        Assert.Equal(FlushDecision.None, Next(policy, "a"));
        Assert.Equal(FlushDecision.Background, policy.InvocationEnded("a", InvocationStatus.Failed));
        Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "b"));
    }

    [Fact]
    public void OnLongInvocation_FlushStartsJustAfterEachTick_SkipsNone()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        Next(policy, "a");
        for (var tick = 0; tick < 10; tick++)
        {
            // The timer ticks regularly, and the flush starts a moment later.
            _time.Advance(policy.LongInvocation - TimeSpan.FromMilliseconds(tick == 0 ? 0 : 5));
            Assert.Equal(FlushDecision.Background, policy.OnLongInvocation());
            _time.Advance(TimeSpan.FromMilliseconds(5));
            policy.FlushStarted();
            policy.Flushed(FlushOutcome.Complete);
        }
    }

    [Fact]
    public void OnLongInvocation_TheInvocationIsOver_FlushesNothing()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        Next(policy, "a");
        policy.InvocationEnded("a", InvocationStatus.Success);

        _time.Advance(2 * policy.LongInvocation);

        Assert.Equal(FlushDecision.None, policy.OnLongInvocation());
    }

    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    [InlineData("periodic")]
    [InlineData("continuous")]
    public void OnInvoke_NoResponsiveDestination_FlushesOnlyInTheBackground(string strategy)
    {
        var policy = new FlushPolicy(FlushOptions.From(new Env { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy }.Read()), _time);
        for (var i = 0; i < 40; i++)
        {
            var decision = policy.OnInvoke(new($"{i}", TimeSpan.Zero, IsOverThreshold: i % 7 == 0, HasResponsiveDestination: false));
            Assert.True(decision is FlushDecision.None or FlushDecision.Background, $"{i}: {decision}");
            if (decision == FlushDecision.Background)
            {
                policy.FlushStarted();
                policy.Flushed(FlushOutcome.Incomplete);
            }

            _time.Advance(TimeSpan.FromSeconds(i % 5 * 10));
        }

        if (strategy == "end")
            Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "answered again") & FlushDecision.AfterInvocation);
    }

    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    [InlineData("continuous")]
    public void OnInvoke_NoDestination_CountsOnceAnIntervalAndNeverWaitsForTheRuntime(string strategy)
    {
        var policy = new FlushPolicy(FlushOptions.From(new Env { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = strategy }.Read()), _time, hasDestinations: false);

        policy.FlushStarted();
        policy.Flushed(FlushOutcome.Complete);
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(FlushDecision.None, Next(policy, $"{i}")));
        _time.Advance(policy.LongInvocation);
        Assert.Equal(FlushDecision.AtStart, Next(policy, "later"));
    }

    [Fact]
    public void OnLongInvocation_RuntimeDoneCameBeforeTheInvoke_FlushesNothing()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        policy.InvocationEnded("fast", InvocationStatus.Success);
        Next(policy, "fast");

        _time.Advance(2 * policy.LongInvocation);

        Assert.Equal(FlushDecision.None, policy.OnLongInvocation());
    }

    [Fact]
    public void OnLongInvocation_NothingFlushedLately_FlushesInTheMiddle()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.End), _time);
        Assert.Equal(FlushDecision.AfterInvocation, Next(policy, "a"));

        _time.Advance(policy.LongInvocation);
        Assert.Equal(FlushDecision.Background, policy.OnLongInvocation());
        policy.FlushStarted();
        policy.Flushed(FlushOutcome.Complete);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(FlushDecision.None, policy.OnLongInvocation());
    }

    [Fact]
    public void OnInvoke_WallClockSetBack_IsNoReasonForAnything()
    {
        var policy = new FlushPolicy(Options(FlushStrategy.Adaptive), _time);
        Invoke(policy, 10);
        _time.JumpWallClock(TimeSpan.FromHours(-5));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(FlushDecision.None, Next(policy, "a"));
    }

    [Fact]
    public void From_BadValues_NamesEachAndUsesDefaults()
    {
        var problems = new SettingProblems();

        var options = FlushOptions.From(new Env { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "sometimes", ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "0", ["TELEMETRY_EXTENSION_FLUSH_BUDGET_MS"] = "fast", ["TELEMETRY_EXTENSION_FLUSH_STALENESS"] = "-1" }.Read(problems));

        Assert.Equal(FlushOptions.From(new Env().Read()), options);
        Assert.Equal(new FlushOptions(FlushStrategy.Adaptive, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60)), options);
        string[] names = ["STRATEGY", "INTERVAL", "BUDGET_MS", "STALENESS"];
        Assert.Equal(names.Length, problems.Messages.Count);
        Assert.All(names, name => Assert.Contains(problems.Messages, message => message.StartsWith($"TELEMETRY_EXTENSION_FLUSH_{name}=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(InvocationStatus.Failed, FlushDecision.Background)]
    [InlineData(InvocationStatus.Success, FlushDecision.None)]
    internal void InvocationReported_NoInvokeAndNoRuntimeDone_OnlyAFailureIsFlushedAtOnce(InvocationStatus status, FlushDecision expected)
    {
        var policy = new FlushPolicy(FlushOptions.From(new Env().Read()), new ManualTimeProvider());

        Assert.Equal(expected, policy.InvocationReported("1", status));
    }

    [Fact]
    public void InvocationReported_RuntimeDoneWasMissed_StaysBlind()
    {
        var policy = new FlushPolicy(FlushOptions.From(new Env().Read()), new ManualTimeProvider());
        policy.RuntimeDoneMissed();
        policy.InvocationReported("1", InvocationStatus.Success);
        Assert.Equal(FlushDecision.AtStart, policy.OnInvoke(new("2", TimeSpan.Zero, false)));

        policy.InvocationEnded("2", InvocationStatus.Success);
        Assert.Equal(FlushDecision.AfterInvocation, policy.OnInvoke(new("3", TimeSpan.Zero, false)));
    }

    [Fact]
    public void Flushed_AFailureCameMeanwhile_AnotherFollowsOnce()
    {
        var policy = new FlushPolicy(FlushOptions.From(new Env().Read()), new ManualTimeProvider());
        policy.FlushStarted();
        Assert.Equal(FlushDecision.None, policy.InvocationReported("1", InvocationStatus.Failed));
        Assert.Equal(FlushDecision.None, policy.InvocationReported("2", InvocationStatus.Success));

        Assert.Equal(FlushDecision.Background, policy.Flushed(FlushOutcome.Complete));
        policy.FlushStarted();
        Assert.Equal(FlushDecision.None, policy.Flushed(FlushOutcome.Complete));
    }

    [Fact]
    public void From_GoodValues_AreUsed() =>
        Assert.Equal(
            new FlushOptions(FlushStrategy.Continuous, TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30)),
            FlushOptions.From(new Env { ["TELEMETRY_EXTENSION_FLUSH_STRATEGY"] = "Continuous", ["TELEMETRY_EXTENSION_FLUSH_INTERVAL"] = "5", ["TELEMETRY_EXTENSION_FLUSH_BUDGET_MS"] = "100", ["TELEMETRY_EXTENSION_FLUSH_STALENESS"] = "30" }.Read()));

    private static FlushOptions Options(FlushStrategy strategy) => FlushOptions.From(new Env().Read()) with { Strategy = strategy };

    private static FlushDecision Next(FlushPolicy policy, string requestId) => policy.OnInvoke(new(requestId, TimeSpan.Zero, false));

    /// <summary>Successful invocations one second apart that are flushed as decided.</summary>
    private void Invoke(FlushPolicy policy, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var decision = Next(policy, $"earlier {i}");
            policy.InvocationEnded($"earlier {i}", InvocationStatus.Success);
            if (decision != FlushDecision.None)
            {
                policy.FlushStarted();
                policy.Flushed(FlushOutcome.Complete);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
