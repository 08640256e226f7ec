using System.Net;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Network;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Destinations.Otlp;

/// <summary>The status arrives at once, and the body never.</summary>
public sealed class OtlpHttpDestinationTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly HangingBodies _handler;

    public OtlpHttpDestinationTests() => _handler = new(_time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliver_BodyHangs_TheStatusCountsAndEachCostsLess()
    {
        using var destination = Destination();
        _handler.ToHeaders = TimeSpan.FromMilliseconds(30);
        Assert.Equal([60, 30, 15, 8, 8], await HeldAsync(destination, 5));

        _handler.BodiesHang = false;
        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Token)).Status);
        _handler.BodiesHang = true;
        Assert.Equal([60], await HeldAsync(destination, 1));
    }

    [Fact]
    public async Task Deliver_BodiesHangForLong_OneInSixteenGetsTheFullTime()
    {
        using var destination = Destination();
        _handler.ToHeaders = TimeSpan.FromMilliseconds(30);
        var held = await HeldAsync(destination, 32);

        Assert.Equal([60, 60, 60], [held[0], held[15], held[31]]);
        Assert.All(held[3..15].Concat(held[16..31]), ms => Assert.Equal(8, ms));
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(500, 100)]
    public async Task Deliver_BodyHangs_TheLimitFollowsTheTimeToTheHeadersWithinBounds(int toHeadersMs, int heldMs)
    {
        using var destination = Destination();
        _handler.ToHeaders = TimeSpan.FromMilliseconds(toHeadersMs);
        Assert.Equal([heldMs], await HeldAsync(destination, 1));
    }

    public void Dispose() => _handler.Dispose();

    /// <summary>The time for which each delivery waits for its body, in milliseconds.</summary>
    private async Task<List<int>> HeldAsync(OtlpHttpDestination destination, int deliveries)
    {
        var held = new List<int>();
        for (var i = 0; i < deliveries; i++)
        {
            var result = destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Token).AsTask();
            var cutOff = await _handler.BodyAsync();
            var ms = 0;
            for (; !cutOff.IsCancellationRequested; ms++)
            {
                Assert.InRange(ms, 0, 200);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }

            held.Add(ms);
            Assert.Equal(DeliveryStatus.Delivered, (await result).Status);
        }

        return held;
    }

    private OtlpHttpDestination Destination()
    {
        var options = DeliveryOptions.From(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4318" }.Read(), 1);
        return new("test", options.Destinations[0].Endpoints, new OutboundConnections(() => _handler, _time, allShareOne: false), _time);
    }

    private sealed class HangingBodies(ManualTimeProvider time) : HttpMessageHandler
    {
        private readonly System.Threading.Channels.Channel<CancellationToken> _reads = System.Threading.Channels.Channel.CreateUnbounded<CancellationToken>();

        public bool BodiesHang { get; set; } = true;

        public TimeSpan ToHeaders { get; set; }

        /// <summary>Cancelled when the reader of the next body gives up.</summary>
        public ValueTask<CancellationToken> BodyAsync() => _reads.Reader.ReadAsync(Token);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            time.Advance(ToHeaders);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = BodiesHang ? new StreamContent(new HangingStream(_reads.Writer)) : new ByteArrayContent([]),
            });
        }
    }

    private sealed class HangingStream(System.Threading.Channels.ChannelWriter<CancellationToken> reads) : MemoryStream
    {
        /// <summary>Hides the length, which would otherwise be known as 0.</summary>
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(reads.TryWrite(cancellationToken));
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return 0;
        }
    }
}
