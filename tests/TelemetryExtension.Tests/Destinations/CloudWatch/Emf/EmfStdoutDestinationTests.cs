using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Emf;

public sealed class EmfStdoutDestinationTests
{
    private static readonly OtlpPayload Payload = new(Signal.Metrics, OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "g", "", 5, data =>
    {
        OtlpBuilder.Number(data, 1, attribute: "http");
        OtlpBuilder.Number(data, 2, attribute: "pubsub");
    })), 2, DateTimeOffset.UnixEpoch)
    { BatchId = "one" };

    [Fact]
    public async Task Deliver_EachSeriesIsALine()
    {
        using var output = new StringWriter();
        var destination = new EmfStdoutDestination(new(EmfOutput.Stdout, "Shop", []), output);
        Assert.Equal(new(DeliveryStatus.Delivered), await destination.DeliverAsync(Payload, TestContext.Current.CancellationToken));
        Assert.Equal(2, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    /// <summary>A blocked stdout does not block the flush, and a retry must not write metrics twice.</summary>
    [Fact]
    public async Task Deliver_OutputIsFull_IsLeftBehindAndNotWrittenAgain()
    {
        using var output = new FullPipe();
        var destination = new EmfStdoutDestination(new(EmfOutput.Stdout, "Shop", []), output);
        using var budget = new CancellationTokenSource();
        var cutOff = destination.DeliverAsync(Payload, budget.Token).AsTask();
        await budget.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cutOff).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        var again = destination.DeliverAsync(Payload, TestContext.Current.CancellationToken).AsTask();
        Assert.False(again.IsCompleted);
        output.Read();
        Assert.Equal(DeliveryStatus.Delivered, (await again.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Status);
        Assert.Equal(2, output.Lines);
    }

    [Fact]
    public async Task Deliver_OutputIsClosed_MayBeTriedAgain()
    {
        var output = new StringWriter();
        output.Dispose();
        var destination = new EmfStdoutDestination(new(EmfOutput.Stdout, "Shop", []), output);
        Assert.Equal(DeliveryStatus.Retryable, (await destination.DeliverAsync(Payload, TestContext.Current.CancellationToken)).Status);
    }

    /// <summary>An exception from a bug costs one attempt only.</summary>
    [Fact]
    public async Task Deliver_WritingThrows_TheNextPayloadIsWritten()
    {
        using var output = new ThrowsOnce();
        var destination = new EmfStdoutDestination(new(EmfOutput.Stdout, "Shop", []), output);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await destination.DeliverAsync(Payload, TestContext.Current.CancellationToken));
        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(Payload, TestContext.Current.CancellationToken)).Status);
        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(Payload with { BatchId = "two" }, TestContext.Current.CancellationToken)).Status);
    }

    private sealed class ThrowsOnce : StringWriter
    {
        private bool _hasThrown;

        public override void WriteLine(string? value)
        {
            if (_hasThrown)
                return;
            _hasThrown = true;
            throw new InvalidOperationException("a bug");
        }
    }
}
