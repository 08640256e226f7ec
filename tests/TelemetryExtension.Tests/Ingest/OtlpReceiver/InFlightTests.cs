using TelemetryExtension.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

public sealed class InFlightTests
{
    [Fact]
    public async Task WaitAsync_NothingInFlight_IsTrueAtOnce() =>
        Assert.True(await new InFlight().WaitAsync(TestContext.Current.CancellationToken));

    [Fact]
    public async Task WaitAsync_LastLeaves_IsTrue()
    {
        var inFlight = new InFlight();
        inFlight.Enter();
        inFlight.Enter();
        var waits = inFlight.WaitAsync(TestContext.Current.CancellationToken);
        inFlight.Leave();
        Assert.False(waits.IsCompleted);

        inFlight.Leave();

        Assert.True(await waits);
    }

    [Fact]
    public async Task WaitAsync_Cancelled_IsFalseAndDoesNotThrow()
    {
        var inFlight = new InFlight();
        inFlight.Enter();
        using var bound = new CancellationTokenSource();
        var waits = inFlight.WaitAsync(bound.Token);

        await bound.CancelAsync();

        Assert.False(await waits);
    }
}
