using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Remaining_TimePasses_CountsDownToZero()
    {
        var deadline = In(3000);

        Assert.Equal(TimeSpan.FromMilliseconds(2900), deadline.Remaining);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromMilliseconds(900), deadline.Remaining);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Fact]
    public void Later_AfterTheFirstHasPassed_IsCountedFromTheSameStart()
    {
        var deadline = In(3000);
        _time.Advance(TimeSpan.FromMilliseconds(2950));

        Assert.Equal(TimeSpan.FromMilliseconds(30), deadline.Later(TimeSpan.FromMilliseconds(80)).Remaining);
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public void Remaining_WallClockJumps_IsUnchanged(int hours)
    {
        var deadline = In(3000);

        _time.JumpWallClock(TimeSpan.FromHours(hours));

        Assert.Equal(TimeSpan.FromMilliseconds(2900), deadline.Remaining);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-3_600_000)]
    [InlineData(-5_000)]
    [InlineData(0)]
    [InlineData(900_001)]
    [InlineData(3_600_000)]
    [InlineData(long.MaxValue)]
    public void OfInvoke_ClockPlainlyWrong_AssumesTheLongest(long left)
    {
        var deadline = Deadline.OfInvoke(unchecked(Now + left), Margin, _time);

        Assert.Equal(Deadline.LongestInvoke - Margin, deadline.Remaining);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-3_600_000)]
    [InlineData(-5_000)]
    [InlineData(400)]
    [InlineData(2_001)]
    [InlineData(long.MaxValue)]
    public void OfShutdown_ClockPlainlyWrong_AssumesWhatLambdaLeavesAtWorst(long left)
    {
        var deadline = Deadline.OfShutdown(unchecked(Now + left), Margin, _time);

        Assert.Equal(Deadline.ShutdownAtWorst - Margin, deadline.Remaining);
    }

    [Theory]
    [InlineData(501)]
    [InlineData(1_700)]
    [InlineData(2_000)]
    public void OfShutdown_ClockPlausible_BelievesIt(long left) =>
        Assert.Equal(TimeSpan.FromMilliseconds(left) - Margin, Deadline.OfShutdown(Now + left, Margin, _time).Remaining);

    [Fact]
    public void Remaining_LessThanTheMargin_IsZero() => Assert.Equal(TimeSpan.Zero, In(50).Remaining);

    [Fact]
    public void CreateCancellation_AtTheDeadline_Cancels()
    {
        using var whole = In(3000).CreateCancellation();
        using var part = In(3000).CreateCancellation(TimeSpan.FromMilliseconds(300));
        using var over = In(50).CreateCancellation();

        _time.Advance(TimeSpan.FromMilliseconds(299));
        Assert.False(part.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(part.IsCancellationRequested);
        Assert.False(whole.IsCancellationRequested);
        Assert.True(over.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(2600));
        Assert.True(whole.IsCancellationRequested);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private Deadline In(int milliseconds) => Deadline.OfInvoke(Now + milliseconds, Margin, _time);
}
