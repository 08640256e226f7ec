using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Lifecycle;

public sealed class WarmUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Destination _destination = new();
    private readonly TaskCompletionSource<CancellationToken> _rehearsed = new();

    [Fact]
    public async Task Start_ADestination_ConnectsAndRehearses()
    {
        using var warmUp = Of(new(true, true));
        warmUp.Start();
        await RehearsedAsync();
        Assert.Equal(1, _destination.Prepared);
    }

    [Fact]
    public async Task Start_WithoutConnections_OnlyRehearses()
    {
        using var warmUp = Of(new(Rehearses: true, Connects: false));
        warmUp.Start();
        await RehearsedAsync();
        Assert.Equal(0, _destination.Prepared);
    }

    [Fact]
    public async Task Stop_WhileItConnects_EndsItAndDoesNotRehearse()
    {
        _destination.Hangs = true;
        using var warmUp = Of(new(true, true));
        warmUp.Start();
        await _destination.Entered.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        warmUp.Stop();
        warmUp.Stop();
        await _destination.Left.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(_rehearsed.Task.IsCompleted);
    }

    [Fact]
    public async Task Stop_WhileItRehearses_IsSeenThere()
    {
        using var warmUp = Of(new(true, true));
        warmUp.Start();
        var token = await RehearsedAsync();
        Assert.False(token.IsCancellationRequested);
        warmUp.Stop();
        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public async Task Start_ADestinationThrows_CostsTheWarmUpOnly()
    {
        _destination.Throws = true;
        using var warmUp = Of(new(true, true));
        warmUp.Start();
        await _destination.Entered.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(_rehearsed.Task.IsCompleted);
    }

    private WarmUp Of(WarmUpOptions options) => new(options, [_destination], stop => _rehearsed.TrySetResult(stop));

    private Task<CancellationToken> RehearsedAsync() => _rehearsed.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    private sealed class Destination : IDestination
    {
        public string Name => "test";

        public int Prepared { get; private set; }

        public bool Hangs { get; set; }

        public bool Throws { get; set; }

        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Left { get; } = new();

        public bool Accepts(Signal signal) => true;

        public void Prepare(CancellationToken stop)
        {
            Prepared++;
            Entered.TrySetResult();
            if (Throws)
                throw new InvalidOperationException();
            if (Hangs)
                stop.WaitHandle.WaitOne(Patience);
            Left.TrySetResult();
        }

        public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken) => new(new DeliveryResult(DeliveryStatus.Delivered));
    }
}
