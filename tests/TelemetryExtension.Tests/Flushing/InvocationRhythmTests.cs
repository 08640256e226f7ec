using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

public sealed class InvocationRhythmTests
{
    private readonly InvocationRhythm _rhythm = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20));
    private TimeSpan _now;

    [Fact]
    public void IsSteady_NeverDisappointed_AfterFiveShortGaps() => Assert.Equal(InvocationRhythm.FirstProof, GapsUntilSteady());

    [Theory]
    [InlineData(10, 20)]
    [InlineData(30, 80)]
    [InlineData(100, 320)]
    public void IsSteady_BurstsOfOneLength_NeedsMoreThanABurst(int burst, int proof)
    {
        for (var i = 0; i < 5; i++)
            Burst(burst);

        Assert.Equal(proof, GapsUntilSteady());
    }

    [Fact]
    public void IsSteady_PausesWithoutStaleData_StaysSteady()
    {
        for (var i = 0; i < 50; i++)
            Burst(10, pause: 35);

        Assert.Equal(InvocationRhythm.FirstProof, GapsUntilSteady());
    }

    [Fact]
    public void IsSteady_LongRunsBetweenThePauses_PayAndSoAreTrustedSoon()
    {
        for (var i = 0; i < 5; i++)
            Burst(3000);

        Assert.Equal(InvocationRhythm.FirstProof, GapsUntilSteady());
    }

    [Fact]
    public void IsSteady_BurstsGiveWayToAnotherRhythm_IsLearnedAgain()
    {
        for (var i = 0; i < 5; i++)
            Burst(10);
        Burst(2000);

        Assert.Equal(InvocationRhythm.FirstProof, GapsUntilSteady());
    }

    [Fact]
    public void IsSteady_SteadinessGivesWayToBursts_IsLearnedWithinTenBursts()
    {
        Burst(100_000, every: 1);
        for (var i = 0; i < 10; i++)
            Burst(10);

        Assert.Equal(20, GapsUntilSteady());
    }

    private void Burst(int gaps, double every = 0.1, double pause = 300)
    {
        for (var i = 0; i < gaps; i++)
            Invoke(every);
        Invoke(pause);
    }

    private int GapsUntilSteady()
    {
        Invoke(300);
        for (var gaps = 1; ; gaps++)
        {
            Invoke(0.1);
            if (_rhythm.IsSteady || gaps > 1000)
                return gaps;
        }
    }

    private void Invoke(double afterSeconds)
    {
        _now += TimeSpan.FromSeconds(afterSeconds);
        _rhythm.Invoked(_now);
    }
}
