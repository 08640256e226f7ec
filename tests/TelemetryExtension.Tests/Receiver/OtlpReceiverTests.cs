using System.Net;
using TelemetryExtension.Accounting;
using TelemetryExtension.Hosting;
using TelemetryExtension.Receiver;

namespace TelemetryExtension.Tests.Receiver;

public sealed class OtlpReceiverTests
{
    [Fact]
    public void Listen_OnePortTaken_GoesOnWithTheOther()
    {
        using var taken = ListeningSocket.TryBind(IPAddress.Loopback, 0, out _)!;

        var listens = Listen(new("true", HttpPort: $"{taken.Port}", GrpcPort: "0"));

        using var left = Assert.Single(listens).Socket;
        Assert.Equal(HttpVersionSpoken.Http2, listens[0].Version);
        Assert.Equal(IPAddress.Loopback, left.EndPoint.Address);
    }

    [Fact]
    public void Listen_SwitchedOff_BindsNothing() => Assert.Empty(Listen(new("false", HttpPort: "0", GrpcPort: "0")));

    private static List<HttpListen> Listen(ReceiverSettings settings)
    {
        var ledger = new Ledger();
        var options = ReceiverOptions.From(settings, new());
        return OtlpReceiver.Listen(options, new(options, new RecordingSink(ledger), ledger, TimeProvider.System));
    }
}
