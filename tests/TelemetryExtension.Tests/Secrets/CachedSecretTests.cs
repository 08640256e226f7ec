using TelemetryExtension.Secrets;

namespace TelemetryExtension.Tests.Secrets;

public sealed class CachedSecretTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void IsDue_Unknown_IsDueAtOnce() => Assert.True(new CachedSecret().IsDue(Start, Hour));

    [Fact]
    public void IsDue_Read_IsDueAfterItsTimeToLive()
    {
        var secret = new CachedSecret();

        Assert.True(secret.Succeeded("a", Start));
        Assert.False(secret.IsDue(Start + Hour - TimeSpan.FromTicks(1), Hour));
        Assert.True(secret.IsDue(Start + Hour, Hour));
        Assert.False(secret.Succeeded("a", Start + Hour));
        Assert.True(secret.Succeeded("b", Start + Hour));
    }

    [Fact]
    public void IsDue_BeingRead_IsNotDue() => Assert.False(new CachedSecret { Reading = Task.CompletedTask }.IsDue(Start, Hour));

    /// <summary>The pauses are 1, 2, 4, ... 60 seconds. Half of each is random.</summary>
    [Theory]
    [InlineData(1, 0.0, 0.5)]
    [InlineData(1, 1.0, 1)]
    [InlineData(2, 1.0, 2)]
    [InlineData(5, 1.0, 16)]
    [InlineData(100, 1.0, 60)]
    public void Failed_InARow_IsDueAfterAPauseThatGrows(int failures, double random, double seconds)
    {
        var secret = new CachedSecret();
        for (var i = 0; i < failures; i++)
            secret.Failed(Start, random);

        Assert.False(secret.IsDue(Start + TimeSpan.FromSeconds(seconds - 0.01), Hour));
        Assert.True(secret.IsDue(Start + TimeSpan.FromSeconds(seconds), Hour));
        Assert.True(secret.IsDue(Start - TimeSpan.FromDays(1), Hour));
    }

    [Fact]
    public void Failed_AfterASuccess_KeepsTheText()
    {
        var secret = new CachedSecret();
        secret.Succeeded("a", Start);
        secret.Failed(Start + Hour, 1);

        Assert.Equal("a", secret.Text);
        Assert.False(secret.IsDue(Start + Hour, Hour));
    }

    /// <summary>A backend that refuses even the current key must not cause many reads.</summary>
    [Fact]
    public void MayRefresh_JustRead_NotYet()
    {
        var secret = new CachedSecret();
        secret.Succeeded("a", Start);

        Assert.False(secret.MayRefresh(Start + TimeSpan.FromSeconds(4.9)));
        Assert.True(secret.MayRefresh(Start + TimeSpan.FromSeconds(5)));
    }
}
