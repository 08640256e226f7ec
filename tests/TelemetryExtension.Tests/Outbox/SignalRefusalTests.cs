using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox;

public sealed class SignalRefusalTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SignalRefusal _refusal = new();

    [Fact]
    public void Refused_ThreeConsecutiveTimes_ClosesOnce()
    {
        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(_ => _refusal.Refused(isAboutContent: true, Start, 0)));
        Assert.True(_refusal.IsClosed);
    }

    [Fact]
    public void Taken_InBetween_StartsOver()
    {
        for (var i = 0; i < 10; i++)
        {
            Refuse(SignalRefusal.RefusalsBeforeClosed - 1);
            Assert.False(_refusal.IsClosed);
            _refusal.Accepted();
        }
    }

    [Fact]
    public void MaxConsecutiveRefusals_MoreRecords_FindsABadOne() =>
        Assert.Equal((54, 57, 63), (SignalRefusal.MaxConsecutiveRefusals(1), SignalRefusal.MaxConsecutiveRefusals(11), SignalRefusal.MaxConsecutiveRefusals(1000)));

    [Fact]
    public void SamplesLeft_EachRefused_LeavesFewerUntilOneIsTaken()
    {
        for (var left = SignalRefusal.Samples; left > 0; left--)
        {
            Assert.Equal(left, _refusal.SamplesLeft);
            _refusal.SampleRefused();
        }

        _refusal.SampleRefused();
        Assert.Equal(0, _refusal.SamplesLeft);
        _refusal.Accepted();
        Assert.Equal(SignalRefusal.Samples, _refusal.SamplesLeft);
    }

    [Fact]
    public void IsDoubted_TwoConsecutiveRefusals_UntilOneIsAccepted()
    {
        _refusal.RequestRefused();
        _refusal.Accepted();
        _refusal.RequestRefused();
        Assert.False(_refusal.IsDoubted);
        _refusal.RequestRefused();
        Assert.True(_refusal.IsDoubted);
        _refusal.Accepted();
        Assert.False(_refusal.IsDoubted);
    }

    [Fact]
    public void IsAcceptedInPart_ThreeConsecutiveContents_UntilOneIsAcceptedWhole()
    {
        _refusal.AcceptedInPart();
        _refusal.AcceptedInPart();
        _refusal.AcceptedWhole();
        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(_ => _refusal.AcceptedInPart()));
        Assert.True(_refusal.IsAcceptedInPart);
        _refusal.AcceptedWhole();
        Assert.False(_refusal.IsAcceptedInPart);
    }

    /// <summary>The documented delays: about 30 seconds, then twice the time, up to about 15 minutes. Half of each is random.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.999)]
    public void IsTrialDue_TrialsFail_TheyGetRareButNeverEnd(double random)
    {
        Refuse(SignalRefusal.RefusalsBeforeClosed, random);
        var now = Start;
        foreach (var seconds in new[] { 30, 60, 120, 240, 480, 900, 900, 900 })
        {
            var wait = TimeSpan.FromSeconds(seconds * (0.5 + (random / 2)));
            Assert.False(_refusal.IsTrialDue(now + wait - TimeSpan.FromMilliseconds(1)));
            now += wait;
            Assert.True(_refusal.IsTrialDue(now));
            _refusal.TrialStarted();
            Assert.False(_refusal.IsTrialDue(now));
            _refusal.TrialEnded(now, random);
        }
    }

    [Fact]
    public void Taken_AfterTrials_OpensAndForgetsTheDelays()
    {
        Refuse(SignalRefusal.RefusalsBeforeClosed);
        _refusal.TrialEnded(Start, 0);
        _refusal.TrialEnded(Start, 0);
        _refusal.Accepted();
        Assert.False(_refusal.IsClosed);
        Refuse(SignalRefusal.RefusalsBeforeClosed);
        Assert.True(_refusal.IsTrialDue(Start.AddSeconds(15)));
    }

    private void Refuse(int times, double random = 0)
    {
        for (var i = 0; i < times; i++)
            _refusal.Refused(isAboutContent: true, Start, random);
    }
}
