using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Network;

public sealed class AttemptTimeoutTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Token_TimeUp_IsCancelled()
    {
        using var timeout = new AttemptTimeout(TimeSpan.FromSeconds(8), _time, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.False(timeout.Token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(timeout.Token.IsCancellationRequested);
        Assert.True(timeout.IsExpired);
    }

    [Fact]
    public void Token_WallClockJumps_DoNotCount()
    {
        using var timeout = new AttemptTimeout(TimeSpan.FromSeconds(8), _time, CancellationToken.None);
        _time.JumpWallClock(TimeSpan.FromHours(5));
        _time.JumpWallClock(TimeSpan.FromHours(-9));
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.False(timeout.Token.IsCancellationRequested);
    }

    [Fact]
    public void Token_NotStarted_IsNotCancelledBeforeItsTimeFromTheStart()
    {
        using var timeout = new AttemptTimeout(TimeSpan.FromMilliseconds(20), _time, CancellationToken.None, isStarted: false);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(timeout.Token.IsCancellationRequested);
        timeout.Start();
        _time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.False(timeout.Token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(timeout.IsExpired);
    }

    [Fact]
    public void Token_Unlimited_IsNeverCancelled()
    {
        using var timeout = new AttemptTimeout(Timeout.InfiniteTimeSpan, _time, CancellationToken.None);
        _time.Advance(TimeSpan.FromDays(10));
        Assert.False(timeout.Token.IsCancellationRequested);
    }

    [Fact]
    public void Token_OuterCancelled_IsCancelledButNotExpired()
    {
        using var outer = new CancellationTokenSource();
        using var timeout = new AttemptTimeout(TimeSpan.FromSeconds(8), _time, outer.Token);
        outer.Cancel();
        Assert.True(timeout.Token.IsCancellationRequested);
        Assert.False(timeout.IsExpired);
    }
}
