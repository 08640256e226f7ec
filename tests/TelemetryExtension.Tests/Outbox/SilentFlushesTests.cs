using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox;

public sealed class SilentFlushesTests
{
    private static readonly Signal[] All = [Signal.Traces, Signal.Metrics, Signal.Logs];
    private readonly SilentFlushes _silence = new();

    [Fact]
    public void FlushEnded_TooManySilentOnes_EverySignalGoesToTheBackground()
    {
        for (var i = 0; i < SilentFlushes.MaxSilentFlushes; i++)
        {
            Assert.All(All, signal => Assert.False(_silence.IsSilent(signal)));
            Flush([], [Signal.Logs]);
        }

        Assert.All(All, signal => Assert.True(_silence.IsSilent(signal)));
    }

    [Fact]
    public void FlushEnded_OneSignalAnswers_OnlyTheOthersGoToTheBackground()
    {
        for (var i = 0; i < SilentFlushes.MaxSilentFlushes; i++)
            Flush([Signal.Traces], [Signal.Logs]);
        Assert.Equal([Signal.Metrics, Signal.Logs], All.Where(_silence.IsSilent));

        // One of them answers in the background: that one is back, the other is not.
        Flush([Signal.Metrics], [], isBlocking: false);
        Assert.Equal([Signal.Logs], All.Where(_silence.IsSilent));
    }

    [Fact]
    public void FlushEnded_AnAnswerInBetween_StartsOver()
    {
        for (var i = 0; i < 10; i++)
        {
            for (var silent = 1; silent < SilentFlushes.MaxSilentFlushes; silent++)
                Flush([], [Signal.Logs]);
            Flush([Signal.Logs], []);
            Assert.False(_silence.IsSilent(Signal.Logs));
        }
    }

    /// <summary>It answers, but later than invocations wait.</summary>
    [Fact]
    public void FlushEnded_SlowAnswersInTheBackground_StaysThere()
    {
        for (var i = 0; i < SilentFlushes.MaxSilentFlushes; i++)
            Flush([], [Signal.Logs]);
        for (var i = 0; i < 5; i++)
        {
            Flush([Signal.Logs], [], isBlocking: false, isQuick: false);
            Assert.True(_silence.IsSilent(Signal.Logs));
        }
    }

    [Fact]
    public void FlushEnded_AQuickAnswerInTheBackground_OneMoreSilentFlushIsEnough()
    {
        for (var i = 0; i < SilentFlushes.MaxSilentFlushes; i++)
            Flush([], [Signal.Logs]);
        Flush([Signal.Logs], [], isBlocking: false);
        Assert.False(_silence.IsSilent(Signal.Logs));
        Flush([], [Signal.Logs]);
        Assert.True(_silence.IsSilent(Signal.Logs));

        Flush([Signal.Logs], [], isBlocking: false);
        Flush([Signal.Logs], []);
        Flush([], [Signal.Logs]);
        Assert.False(_silence.IsSilent(Signal.Logs));
    }

    [Fact]
    public void FlushEnded_SilentInTheBackground_StaysThere()
    {
        for (var i = 0; i < SilentFlushes.MaxSilentFlushes; i++)
            Flush([], [Signal.Logs]);
        for (var i = 0; i < 5; i++)
            Flush([], [Signal.Logs], isBlocking: false);
        Assert.True(_silence.IsSilent(Signal.Logs));
    }

    private void Flush(Signal[] answered, Signal[] silent, bool isBlocking = true, bool isQuick = true) => _silence.FlushEnded(answered, silent, isBlocking, isQuick);
}
