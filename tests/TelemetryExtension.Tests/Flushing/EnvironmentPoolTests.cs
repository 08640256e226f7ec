namespace TelemetryExtension.Tests.Flushing;

public sealed class EnvironmentPoolTests
{
    [Fact]
    public void Spread_OneAfterTheOther_StaysInOne() =>
        Assert.Equal([[0, 10, 20]], Spread((0, 1), (10, 10), (20, 1)));

    [Fact]
    public void Spread_AllBusy_TakesANewOne() =>
        Assert.Equal([[0], [1], [2]], Spread((0, 5), (1, 5), (2, 5)));

    [Fact]
    public void Spread_SeveralIdle_TakesTheOneThatBecameIdleLast() =>
        Assert.Equal([[0, 10], [1]], Spread((0, 5), (1, 3), (10, 1)));

    [Fact]
    public void Spread_IdleForTooLong_TakesANewOne() =>
        Assert.Equal([[0, 60], [121]], Spread((0, 1), (60, 1), (121, 1)));

    private static IEnumerable<IEnumerable<double>> Spread(params (int Start, int Duration)[] invocations) =>
        new EnvironmentPool(TimeSpan.FromSeconds(60))
            .Spread(invocations.Select(invocation => new RecordedInvocation(TimeSpan.FromSeconds(invocation.Start), TimeSpan.FromSeconds(invocation.Duration))))
            .Select(environment => environment.Select(invocation => invocation.Start.TotalSeconds));
}
