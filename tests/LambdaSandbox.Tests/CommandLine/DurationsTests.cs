using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Tests.CommandLine;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("2s", 2000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5", 1500)]
    [InlineData("123.4 ms", 123.4)]
    [InlineData("2 s", 2000)]
    [InlineData("2m", 120_000)]
    [InlineData("3min", 180_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("250µs", 0.25)]
    [InlineData("00:00:03.5", 3500)]
    public void TryParse_EveryPrintedForm_IsRead(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds, 3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-1s")]
    [InlineData("1 week")]
    [InlineData("25h")]
    [InlineData("ms")]
    public void TryParse_NoDuration_IsRefused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Fact]
    public void Print_ThenTryParse_GivesTheSame()
    {
        var duration = TimeSpan.FromMilliseconds(1234.5);
        Assert.True(Durations.TryParse(Durations.Print(duration), out var read));
        Assert.Equal(duration, read);
    }
}
