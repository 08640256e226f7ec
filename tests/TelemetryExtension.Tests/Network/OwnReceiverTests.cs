using System.Net;
using System.Net.Sockets;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Network;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Network;

/// <summary>The name of a machine that resolves to loopback stands for any name that only a look-up shows to be our own.</summary>
public sealed class OwnReceiverTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public OwnReceiverTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Connect_NameLeadsToOurOwnPort_FailsAndSaysWhy()
    {
        var connecting = OwnReceiver.ConnectElsewhereAsync(new("localhost", Port), [Port], TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<IOException>(async () => await connecting);
        Assert.Contains("circles", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_PortOfSomebodyElse_Connects()
    {
        await using var stream = await OwnReceiver.ConnectElsewhereAsync(new("localhost", Port), [Port ^ 1], TestContext.Current.CancellationToken);
        using var accepted = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await stream.WriteAsync(new byte[] { 7 }, TestContext.Current.CancellationToken);
        Assert.Equal(7, accepted.GetStream().ReadByte());
    }

    [Fact]
    public async Task Delivery_ByANameThatIsOurOwn_IsKeptAndNamesTheReason()
    {
        // Not recognised by its name: only the connection shows it.
        var options = new DeliveryOptions([new("otlp", [Endpoint(), null, null])], [Port]);
        var destination = Assert.Single(OtlpDestinations.Create(options, TimeProvider.System));
        var result = await destination.DeliverAsync(new(Signal.Traces, new byte[] { 1 }, 1, DateTimeOffset.UnixEpoch), TestContext.Current.CancellationToken);
        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.Contains("circles", result.Message, StringComparison.Ordinal);
        (destination as IDisposable)?.Dispose();

        OtlpEndpoint Endpoint() => new(new($"http://localhost:{Port}/v1/traces"), OtlpProtocol.HttpProtobuf, [], TimeSpan.FromSeconds(10), false, default);
    }
}
