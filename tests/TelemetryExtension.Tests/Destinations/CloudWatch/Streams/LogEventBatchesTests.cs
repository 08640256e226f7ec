using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Tests.Processing.Invocations;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Streams;

public sealed class LogEventBatchesTests
{
    /// <summary>Sizes around every limit: few large events, many small ones, times days apart and equal.</summary>
    private static Gen<LogEvent[]> Events =>
        from count in Gen.OneOf(Gen.Choose(0, 20), Gen.Choose(9_990, 20_010))
        from size in Gen.Elements(0, 1, 90, 400, 60_000)
        from spread in Gen.Elements(0, 1000, 90_000_000, 400_000_000)
        from seed in Gen.Choose(0, int.MaxValue)
        select Make(count, count > 1000 ? Math.Min(size, 400) : size * 20, spread, new Random(seed));

    [Fact]
    public void Of_AnyEvents_KeepsEveryLimitAndEveryEvent() => Prop.ForAll(Events.ToArbitrary(), events =>
    {
        var batches = LogEventBatches.Of(events);
        Assert.All(batches, batch =>
        {
            Assert.InRange(batch.Length, 1, 10_000);
            Assert.InRange(batch.Sum(e => Encoding.UTF8.GetByteCount(e.Message) + 26), 1, 1_048_576);
            Assert.True(batch[^1].TimeUnixMs - batch[0].TimeUnixMs <= 86_400_000);
            Assert.All(batch, e => Assert.InRange(Encoding.UTF8.GetByteCount(e.Message), 1, 262_118));
        });
        var all = batches.SelectMany(batch => batch).ToArray();
        Assert.Equal(events.Length, all.Length);
        Assert.Equal(events.OrderBy(e => e.TimeUnixMs).Select(e => (e.TimeUnixMs, e.Records)), all.Select(e => (e.TimeUnixMs, e.Records)));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Of_ExactlyTheLimits_IsOneBatch()
    {
        var full = Enumerable.Range(0, 4).Select(i => new LogEvent(i, new string('x', (LogEventBatches.MaxBytes / 4) - 26))).ToArray();

        Assert.Single(LogEventBatches.Of(full));
        Assert.Equal(2, LogEventBatches.Of([.. full, new LogEvent(5, "y")]).Count);
        Assert.Single(LogEventBatches.Of([new(0, "a"), new(86_400_000, "b")]));
        Assert.Equal(2, LogEventBatches.Of([new(0, "a"), new(86_400_001, "b")]).Count);
    }

    [Fact]
    public void Of_EqualTimes_KeepTheirOrder() =>
        Assert.Equal("abc", string.Concat(LogEventBatches.Of([new(5, "b"), new(1, "a"), new(5, "c")])[0].Select(e => e.Message)));

    [Theory]
    [InlineData("ä")]
    [InlineData("😀")]
    [InlineData("€")]
    public void Fit_TooLong_EndsBetweenTwoCharactersAndSaysSo(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 1000));
        for (var max = 60; max < 75; max++)
        {
            var fit = LogEventBatches.Fit(text, max);

            Assert.InRange(Encoding.UTF8.GetByteCount(fit), max - 4, max);
            Assert.EndsWith($"… [truncated: {Encoding.UTF8.GetByteCount(text)} bytes]", fit, StringComparison.Ordinal);
            Assert.All(fit[..fit.IndexOf('…', StringComparison.Ordinal)].Chunk(unit.Length), chunk => Assert.Equal(unit, new string(chunk)));
        }
    }

    [Fact]
    public void Fit_Empty_IsABlank() => Assert.Equal(" ", LogEventBatches.Fit("", 1000));

    private static LogEvent[] Make(int count, int size, int spread, Random random) =>
        [.. Enumerable.Range(0, count).Select(i => new LogEvent(spread == 0 ? 7 : random.Next(spread), random.Next(50) == 0 ? "" : new string('ü', random.Next(size + 1)), i))];
}
