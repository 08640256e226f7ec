using System.Net.Sockets;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Network;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class FailedAttemptTests
{
    [Fact]
    public void Of_OuterTokenCancelled_IsTheCancellation()
    {
        using var outer = new CancellationTokenSource();
        using var timeout = new AttemptTimeout(TimeSpan.FromSeconds(8), new ManualTimeProvider(), outer.Token);
        outer.Cancel();

        Assert.Throws<OperationCanceledException>(() => FailedAttempt.Of(new IOException("torn down"), timeout, outer.Token));
    }

    [Fact]
    public void Of_ConnectionReset_NamesTheNetworksErrorAndNoException()
    {
        using var timeout = new AttemptTimeout(TimeSpan.FromSeconds(8), new ManualTimeProvider(), CancellationToken.None);
        var reset = new HttpRequestException("x", new IOException("y", new SocketException((int)SocketError.ConnectionReset)));

        Assert.Equal("ConnectionLost: ConnectionReset", FailedAttempt.Of(reset, timeout, CancellationToken.None).Message);
    }
}
