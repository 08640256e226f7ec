using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Outbox;

public sealed class RetryScheduleTests
{
    private static readonly RetrySchedule Schedule = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    [Theory]
    [InlineData(1, 0, 0.5)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(4, 0.5, 6)]
    [InlineData(20, 1, 30)]
    [InlineData(1_000_000, 0, 15)]
    public void DelayAfter_GrowsToTheMaximumWithJitter(int failures, double random, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Schedule.DelayAfter(failures, null, random));

    /// <summary>A server that is overloaded names the same delay to everybody.</summary>
    [Fact]
    public void DelayAfter_ServersWish_ClientsComeBackApart()
    {
        Assert.Equal(TimeSpan.FromSeconds(70), Schedule.DelayAfter(1, TimeSpan.FromSeconds(60), 1.0 / 3));
        // The more failures there were, the further apart.
        Assert.Equal(TimeSpan.FromSeconds(12), Schedule.DelayAfter(6, TimeSpan.FromSeconds(2), 1.0 / 3));
    }

    [Fact]
    public void DelayAfter_ServersWish_IsFollowedWithinReason()
    {
        Assert.Equal(TimeSpan.FromSeconds(7), Schedule.DelayAfter(1, TimeSpan.FromSeconds(7), 0));
        Assert.Equal(TimeSpan.FromMinutes(15), Schedule.DelayAfter(1, TimeSpan.FromDays(400), 0));
        Assert.Equal(TimeSpan.FromSeconds(0.5), Schedule.DelayAfter(1, TimeSpan.Zero, 0));
    }
}
